// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Where commands find hub, node and documents when they are not told.

import Foundation

/// Defaults from the environment.
enum Settings {
    /// The environment of the process.
    static var environment: [String: String] { ProcessInfo.processInfo.environment }
}
