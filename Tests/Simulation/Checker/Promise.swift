// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What must hold, in the words of the design's promises, and what is said when one is broken.

/// A promise that the checker can see broken.
enum Promise: String, CaseIterable {
    case lost = "acknowledged means on disk"
    case receiptWrong = "a receipt says what is on record"
    case receiptContradicts = "an accepted message is never called refused"
    case notGranted = "nobody receives what the rules do not grant"
    case decisionDiffers = "a replayed decision gives the same answer"
    case notRecorded = "nothing is answered or delivered before it is recorded"
    case numberWrong = "mailboxes are numbered without gaps"
    case contentWrong = "what is delivered is what was sent"
    case tombstoneWrong = "a tombstone stands only where one is recorded"
    case order = "a sender's messages keep their order"
    case twice = "each message takes effect once"
    case decidedTwice = "what was refused for good stays refused"
    case checkpointWrong = "every checkpoint agrees with all before and with the disk"
    case revoked = "revoked means nothing more"
    case deliveredWrong = "delivered means on the recipient's disk"
    case forged = "nobody sends in another's name"
    case openingWrong = "an opening or proof goes to those entitled and verifies"
    case contradiction = "the hub never contradicts itself"
    case ledgerUnreadable = "a ledger opens again after every fault"
    case outboxLost = "what a node took to send is sent or refused"
    case inboxWrong = "an inbox equals its mailbox"
    case notDelivered = "once faults stop, everything arrives in time"
}

/// A promise that was broken, and how.
struct Violation {
    let promise: Promise
    let detail: String
}
