// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a harness does with a store, whichever it is: open it, use it, let go of it. A store knows what
// was acknowledged, so that opening is also the check.

import NetworkRig

/// A real store together with what must be in it.
protocol FaultyStore {
    /// Opens it and checks what is there against what was acknowledged.
    ///
    /// What was under way when the last use ended may be there or not, but whole.
    /// - Throws: `Violation` for a broken promise; else what the store itself says.
    mutating func open() throws

    /// Does the next thing, as `generator` has it.
    mutating func act(_ generator: inout SeededGenerator) throws

    /// A planted bug: takes what has just failed for done.
    mutating func forgive()

    /// Lets go of it without any farewell.
    mutating func close()

    /// Things that were acknowledged so far.
    var acknowledged: Int { get }
}
