// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Waiting for what daemons and mail do in their own time. What is only waited for is asked in this
// process: a command for each look would keep the machine busy with nothing else.

import Foundation
import NetworkRig
import Testing
import WiciCore
import WiciLedger
import WiciNode

extension CommandNetwork {
    /// A client of a node's API.
    func client(_ institution: String) throws -> NodeClient {
        try NodeClient(folder: URL(filePath: node(institution)), timeout: .seconds(60))
    }

    /// Waits until a node's state is as wanted.
    func awaitStatus(
        _ what: String,
        of institution: String,
        _ holds: (NodeStatus) -> Bool
    ) async throws {
        let client = try client(institution)
        try await eventually("\(institution): \(what)", within: .seconds(60)) {
            guard isRunning(institution) else {
                throw TestNetwork.Failure("the node ended: \(log(of: institution))")
            }
            do throws(NodeError) {
                return holds(try await client.status())
            } catch {
                guard error.kind == .unreachable else { throw error }
                return false
            }
        }
    }

    /// Waits until a node is connected and holds the rules.
    func awaitReady(_ institution: String) async throws {
        try await awaitStatus("connected", of: institution) { $0.isReady }
    }

    /// Waits until a message is in an inbox.
    func awaitMail(_ id: String, at institution: String) async throws {
        let client = try client(institution)
        try await eventually("\(id) reaches \(institution)", within: .seconds(60)) {
            try await client.inbox(limit: 1_000).contains { $0.id.map { "\($0)" } == id }
        }
    }

    /// Waits until the signed checkpoint covers a message.
    func awaitCheckpoint(covering id: String, from institution: String) async throws {
        guard let message = MessageID(id),
            let receipt = try await client(institution).message(message).outbox?.receipt
        else { throw TestNetwork.Failure("no receipt for \(id)") }
        let reader = try LedgerReader(path: hubFolder + "/ledger.sqlite")
        try await eventually("a checkpoint covers entry \(receipt.index)", within: .seconds(60)) {
            let size = try reader.lastCheckpoint().map { try Checkpoint(text: $0.text).size } ?? 0
            return size > receipt.index.value
        }
    }

    /// The port of the hub's pages; `nil` while it has not told.
    var statusPort: Int? {
        let file = URL(filePath: hubFolder + "/hub.addresses")
        guard let bytes = try? Data(contentsOf: file),
            let address = try? PlainValue(json: bytes)["status"]?.word,
            address.hasPrefix("http://127.0.0.1:")
        else { return nil }
        return Int(address.dropFirst(17))
    }
}
