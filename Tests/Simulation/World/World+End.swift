// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Once faults have stopped: what is still missing, and whether everything is where it belongs.

import WiciCore
import WiciHub
import WiciNode

extension World {
    /// What has not arrived yet; nil when everything has.
    func missing() -> String? {
        guard hub.machine?.isReady == true else { return "the hub is not ready" }
        for place in nodes.indices where country.isMember(place, in: hub.files.registry) {
            guard nodes[place].session?.isReady == true else { return "node \(place) is away" }
            guard let contents = try? nodes[place].disk.contents() else {
                return "node \(place) does not read its disk"
            }
            let head = checker.book.mail[place].count
            guard contents.inbox.count == head else {
                return "node \(place) has \(contents.inbox.count) of \(head)"
            }
            guard contents.outbox.allSatisfy(\.isSettled) else {
                let open = contents.outbox.first { !$0.isSettled }
                let letter = open.flatMap { stage.letters.placeOfID[$0.id] } ?? -1
                return "letter \(letter) of node \(place) has no receipt"
            }
            guard Int(checker.book.delivered[place] ?? 0) == head else {
                return "the mail of node \(place) is not recorded as delivered"
            }
        }
        if let node = checker.countedRefusals.keys.min() {
            return "no record says how often node \(node) was refused"
        }
        guard checker.lastCheckpointSize == checker.book.size else {
            return "entries after \(checker.lastCheckpointSize) have no checkpoint"
        }
        return nil
    }

    /// Compares every inbox with its mailbox, the revoked ones' too.
    func checkEnd() {
        for place in nodes.indices {
            guard let contents = try? nodes[place].disk.contents() else { continue }
            checker.check(contents, of: place)
        }
    }
}
