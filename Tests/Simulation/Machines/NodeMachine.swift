// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One node: the real session, a store, and what its shell remembers.

import Foundation
import WiciCore
import WiciNode

/// A node of the simulated network.
struct NodeMachine {
    let place: Int
    let disk: any NodeDisk
    /// Nil while the program is not running.
    var session: NodeSessionStateMachine?
    /// Rises with every start, so that what was meant for an earlier one is told apart.
    var life = 0
    /// What the wall clock is ahead of true time, milliseconds.
    var wallOffset: Int64 = 0
    /// The registry and policy that it trusts, by their places in the country's chains.
    var trusted: ReleasePair?
    var keyNumber = 0
    var link: Int?
    /// Receipts that the disk did not take yet.
    var unstored: [SettledBatch] = []
    /// Letters that are to be sealed again and that the disk did not take yet.
    var unsealed: [MessageID] = []
    /// Whether the disk did not give the outbox when it was asked.
    var isOutboxUnread = false
    var asked: [UInt64: NodeRequest.Question] = [:]
    var lastRequest: UInt64 = 0
    var slowUntil: Int64 = 0
    /// Frames that came while it was slow, in their order.
    var unread: [(link: Int, bytes: Data)] = []
    /// When the shell last put down a tick, so that none is put down twice.
    var nextTick: Int64 = .max

    init(place: Int, disk: any NodeDisk) {
        self.place = place
        self.disk = disk
    }
}
