// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Ten thousand random runs of the hub with seeds: whatever the order of packets, commits, reads,
// releases and failures, no promise about mail is broken.

import Foundation
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub

struct HubInvariantTests {
    /// Envelopes made once; runs draw from them, repeats and conflicts included.
    private static let pool = Result {
        let network = try HubNetwork.shared.get()
        return try (0..<24).map { number -> (sender: NodeID, bytes: Data) in
            let sender = HubNetwork.nodes[number % 2]
            let recipients =
                number % 3 == 0
                ? [HubNetwork.charity] : [HubNetwork.nodes[1 - number % 2], HubNetwork.charity]
            let bytes = try network.envelope(
                from: sender,
                to: recipients,
                number: UInt64(number / 8 * 8 + number % 6),
                variant: number % 8 > 5
            )
            return (sender, bytes)
        }
    }

    private static let begun = Result { try HubSimulation.started() }

    private static let releases = Result {
        let network = try HubNetwork.shared.get()
        return [
            try network.release(),
            try network.release(policy: HubNetwork.withoutCharities),
            try network.release(registry: HubNetwork.revoke(HubNetwork.charity)),
            try network.release(registry: HubNetwork.revoke(HubNetwork.police)),
        ]
    }

    /// A node as it should be: what it has and what it allowed.
    private struct Client {
        var connection: UInt64 = 0
        var received: UInt64 = 0
        var stored: UInt64 = 0
        var window: UInt64 = 0
    }

    @Test(arguments: 0..<20 as Range<UInt64>)
    func `no order of events breaks a promise about mail`(block: UInt64) throws {
        for run in 0..<500 as Range<UInt64> {
            let seed = block * 500 + run
            guard try play(seed: seed) else {
                Issue.record("seed \(seed)")
                return
            }
        }
    }

    /// Plays one run; false when an invariant broke.
    private func play(seed: UInt64) throws -> Bool {
        var random = SeededGenerator(seed: seed)
        var hub = try Self.begun.get()
        let pool = try Self.pool.get()
        let releases = try Self.releases.get()
        var clients: [NodeID: Client] = [:]
        var connections: UInt64 = 0
        for _ in 0..<Int.random(in: 10...40, using: &random) {
            let node = HubNetwork.nodes[Int.random(in: 0..<3, using: &random)]
            switch Int.random(in: 0..<100, using: &random) {
            case 0..<20:
                connections += 1
                var client = clients[node] ?? Client()
                client.connection = connections
                client.received = client.stored
                client.window = client.stored + UInt64.random(in: 0...6, using: &random)
                clients[node] = client
                try hub.hello(
                    node,
                    on: connections,
                    stored: client.stored,
                    window: client.window
                )
            case 20..<40:
                let one = pool[Int.random(in: 0..<pool.count, using: &random)]
                let connection = clients[one.sender]?.connection ?? 99
                try hub.submit([one.bytes], from: one.sender, on: connection)
            case 40..<60: hub.commitNext()
            case 60..<78: hub.readNext()
            case 78..<90:
                guard var client = clients[node] else { continue }
                client.stored = UInt64.random(in: client.stored...client.received, using: &random)
                client.window = max(
                    client.window,
                    client.stored + UInt64.random(in: 0...6, using: &random)
                )
                clients[node] = client
                try hub.acknowledge(
                    node,
                    on: client.connection,
                    through: client.stored,
                    window: client.window
                )
            case 90..<94: hub.pass(milliseconds: Int64.random(in: 1...20_000, using: &random))
            case 94..<96: hub.handle(.unreachable(ConnectionID(clients[node]?.connection ?? 99)))
            case 96..<99:
                hub.handle(.released(releases[Int.random(in: 0..<4, using: &random)]))
            default:
                if Int.random(in: 0..<10, using: &random) == 0 {
                    hub.handle(.ledgerFailed(.ledgerUnavailable))
                }
            }
            guard holds(&hub, &clients) else { return false }
        }
        return true
    }

    /// Checks and forgets what was sent by the last event.
    private func holds(_ hub: inout HubSimulation, _ clients: inout [NodeID: Client]) -> Bool {
        defer { hub.forgetSent() }
        for (node, client) in clients {
            var client = client
            for delivery in hub.deliveries(to: client.connection) {
                guard delivery.number == client.received + 1, delivery.number <= client.window,
                    let message = hub.messages[LedgerIndex(delivery.index)],
                    hub.recipients[message.index]?.audience.nodes.contains(node) == true
                else { return false }
                let expected = hub.machine.mailboxes.entries(
                    of: node,
                    after: MailboxNumber(client.received),
                    limit: 1
                )
                guard expected.first?.1 == message.index else { return false }
                client.received = delivery.number
            }
            clients[node] = client
        }
        for packet in hub.receipts {
            for receipt in packet.receipts.receipts {
                guard case .accepted(let accepted) = receipt.outcome else { continue }
                guard hub.messages[LedgerIndex(accepted.index)] != nil else { return false }
            }
        }
        return true
    }
}
