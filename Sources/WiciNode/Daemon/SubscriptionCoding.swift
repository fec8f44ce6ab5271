// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How the confirmed subscriptions stand in the store.

import Foundation
import SwiftProtobuf
import WiciCore

/// Subscriptions as the bytes of a Subscribe packet.
enum SubscriptionCoding {
    static func encode(_ subscriptions: [WireSubscription]) -> Data {
        var packet = WireSubscribe()
        packet.subscriptions = subscriptions
        return (try? packet.serializedData()) ?? Data()
    }

    static func decode(_ bytes: Data) -> [WireSubscription]? {
        (try? WireSubscribe(serializedBytes: bytes))?.subscriptions
    }
}
