// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A hub's and a node's folder with real content, as a killed process leaves them, and everything that
// is ever served from them.

import Foundation
import NetworkRig
import WiciCore
import WiciHub
import WiciLedger
import WiciNode
import ZeroMQ

/// What a store gave when asked for everything.
struct Served {
    struct Damage {
        let code: String
        let text: String
        let namesPlace: Bool
    }

    /// Digests of answers by name.
    private(set) var answers: [String: Digest] = [:]
    /// What ended it, when something did.
    var damage: Damage?

    mutating func add(_ name: String, _ bytes: Data) {
        answers[name] = TreeHash.leaf(bytes)
    }

    mutating func add(_ name: String, _ text: String) { add(name, Data(text.utf8)) }

    /// The answers, where nothing was amiss.
    func get() throws -> Served {
        if let damage { throw Violation("damaged before anything was flipped: \(damage.text)") }
        return self
    }
}

/// A folder that is opened and served again and again.
protocol FlippableStore {
    var folder: URL { get }
    /// Opens and serves everything; a blind one passes over what the store complains of.
    func serve(isBlind: Bool) -> Served
}

extension FlippableStore {
    func serve() -> Served { serve(isBlind: false) }

    /// Runs a body and takes down the error with which it ends.
    func collect(isBlind: Bool, _ body: (inout Served) throws -> Void) -> Served {
        var served = Served()
        do {
            try body(&served)
        } catch {
            if isBlind { return served }
            served.damage = damage(error)
        }
        return served
    }

    private func damage(_ error: any Error) -> Served.Damage {
        let field = (error as? NodeError)?.report.field ?? ""
        let text = "\(error) \(field)"
        let code =
            switch error {
            case let error as LedgerError: error.code.name
            case let error as HubError: error.code.name
            case let error as NodeError: error.report.name
            case let error as NodeStoreError: "store-\(error.code)"
            default: "\(type(of: error))"
            }
        return Served.Damage(code: code, text: text, namesPlace: text.contains(folder.path))
    }
}

/// A hub's folder: releases, messages, deliveries and a checkpoint in the ledger, more in its log.
struct FlippableHub: FlippableStore {
    let folder: URL
    private let network: NetworkFolders
    private let mail: [LedgerBook.Mail]

    init(in folder: URL, _ generator: inout SeededGenerator) throws {
        network = try NetworkFolders(
            in: folder,
            institutions: [],
            exchange: "tcp://127.0.0.1:5570",
            feed: "tcp://127.0.0.1:5571",
            policy: NetworkFolders.openPolicy
        )
        self.folder = network.hubFolder.location
        let living = self.folder.deletingLastPathComponent().appending(path: "living")
        try FileManager.default.createDirectory(at: living, withIntermediateDirectories: true)
        let path = living.appending(path: "ledger.sqlite").path
        var book = LedgerBook(path: path, signer: try network.hubFolder.ledgerSigner())
        try book.open()
        try book.release(.registry, try Data(contentsOf: network.hubFolder.registryFile))
        try book.release(.policy, try Data(contentsOf: network.hubFolder.policyFile))
        for _ in 0..<60 { try book.act(&generator) }
        try book.sign()
        for _ in 0..<8 { try book.act(&generator) }
        mail = book.mail
        // The files as they are while the ledger is open: what a killed hub leaves behind.
        for name in try FileManager.default.contentsOfDirectory(atPath: living.path) {
            try FileManager.default.copyItem(
                at: living.appending(path: name),
                to: self.folder.appending(path: name)
            )
        }
        book.close()
    }

    func serve(isBlind: Bool) -> Served {
        collect(isBlind: isBlind) { served in
            let signer = try network.hubFolder.ledgerSigner()
            let (ledger, recovered) = try Ledger.open(
                LedgerConfiguration(path: network.hubFolder.ledgerFile.path),
                signer: signer,
                now: Moment(milliseconds: 1_790_000_100_000)
            )
            let trust = try network.hubFolder.configuration().authority
            let recorded = try RecordedNotes(of: ledger, recovered, trust: trust)
            let release = try network.hubFolder.release(
                for: network.hubFolder.identity(),
                trust: trust,
                after: network.hubFolder.lastInForce(recorded, trust: trust),
                now: Node.systemTime()
            )
            served.add("registry", release.registryNote)
            served.add("policy", release.policyNote)
            try serve(ledger, recovered, &served)
            try serveAudit(&served)
        }
    }

    private func serve(
        _ ledger: Ledger,
        _ recovered: RecoveredState,
        _ served: inout Served
    ) throws {
        served.add("head", "\(ledger.size) \(ledger.root)")
        if let note = recovered.lastCheckpoint { served.add("checkpoint", note.bytes) }
        for node in recovered.mailboxes.nodes.sorted() {
            let entries = recovered.mailboxes.entries(of: node, after: .none, limit: .max)
            served.add("mailbox \(node)", entries.map { "\($0.0) \($0.1)" }.joined(separator: ","))
        }
        served.add("delivered", "\(recovered.delivered.sorted { $0.key < $1.key })")
        served.add("registry place", recovered.registry.debugDescription)
        served.add("policy place", recovered.policy.debugDescription)
        for mail in mail {
            let id = mail.entry.messageID
            served.add("place \(id)", try ledger.findMessage(id).debugDescription)
            for message in try ledger.messages(at: [mail.index]) {
                let releases = "\(message.registry) \(message.policy)"
                let sets = try [message.eligible, message.audience].map { place in
                    try ledger.recipientSet(at: place).bytes
                }
                let facts = "\(releases) \(message.acceptedAt.milliseconds)"
                served.add(
                    "message \(id)",
                    message.header + (message.body ?? Data()) + message.carriage
                        + sets[0] + sets[1] + Data(facts.utf8)
                )
            }
            let again = NewEntry.refused(
                nil,
                unlessAccepted: id,
                envelopeDigest: mail.entry.envelopeDigest
            )
            let outcome = try ledger.append([again], at: Moment(milliseconds: 0)).first
            guard case .repeated(let index, let at, _, let audience) = outcome else {
                throw Violation("\(id) would be accepted again")
            }
            served.add("repetition \(id)", "\(index) \(at.milliseconds) \(audience.digest)")
        }
        // A proof reads 256 leaves, so that a few read all of them.
        for index in stride(from: 0, to: ledger.size, by: 61) {
            let proof = try ledger.inclusionProof(of: LedgerIndex(index), size: ledger.size)
            served.add("proof \(index)", "\(proof.path)")
        }
        for kind in ReleaseKind.allCases {
            for index in try ledger.releases(kind) {
                served.add("\(kind) \(index)", try ledger.release(kind, at: index))
            }
        }
        for entry in try ledger.entries(from: LedgerIndex(0), limit: .max) {
            served.add(
                "entry \(entry.index)",
                entry.leaf + (entry.salt ?? Data()) + (entry.record ?? Data())
            )
        }
    }

    private func serveAudit(_ served: inout Served) throws {
        let reader = try LedgerReader(path: network.hubFolder.ledgerFile.path)
        let report = try AuditVerifier.verify(
            reader,
            ledgerKey: network.ledgerKey,
            asksRules: false
        )
        if let fault = report.faults.first { throw fault }
        served.add("audit", "\(report.entries) \(report.messages) \(report.root)")
        var export = Data()
        try AuditExport.write(reader, below: report.entries) { export.append($0) }
        served.add("export", export)
    }
}

/// A node's folder: messages sent and received, documents, more in its log.
struct FlippableNode: FlippableStore {
    let folder: URL
    private let node: NodeFolder

    init(in parent: URL, _ generator: inout SeededGenerator) throws {
        folder = parent.appending(path: "node")
        node = NodeFolder(folder)
        try NetworkFolders.makeNode(node)
        let living = parent.appending(path: "living")
        try FileManager.default.createDirectory(at: living, withIntermediateDirectories: true)
        let name = try node.configuration().store
        var book = NodeBook(
            path: living.appending(path: name).path,
            key: try node.keys().storage
        )
        try book.open()
        for _ in 0..<60 { try book.act(&generator) }
        // Emptied into the file once, so that file and log both have content.
        book.close()
        try book.open()
        for _ in 0..<30 { try book.act(&generator) }
        for file in try FileManager.default.contentsOfDirectory(atPath: living.path) {
            try FileManager.default.copyItem(
                at: living.appending(path: file),
                to: folder.appending(path: file)
            )
        }
        book.close()
    }

    func serve(isBlind: Bool) -> Served {
        collect(isBlind: isBlind) { served in
            let keys = try node.keys()
            served.add("exchange key", keys.exchange.publicKey.hexadecimal)
            served.add("signing key", keys.signing.publicKey.rawRepresentation)
            for key in keys.sealing { served.add("sealing key", key.publicKey.rawRepresentation) }
            let path = node.resolve(try node.configuration().store).path
            let store = try NodeStore(path: path, key: keys.storage)
            served.add("stored through", "\(try store.storedThrough())")
            served.add("counts", "\(try store.inboxCounts()) \(try store.openOutboxCount())")
            for document in [NodeStore.Document.registry, .policy] {
                if let bytes = try store.kept(document) { served.add(document.rawValue, bytes) }
            }
            try serveInbox(of: store, &served)
            try serveOutbox(of: store, &served)
            served.add("queued", "\(try store.takeQueued(limit: .max).map(\.messageID))")
        }
    }

    private func serveInbox(of store: NodeStore, _ served: inout Served) throws {
        for row in try store.inbox(after: .none, limit: .max, unacknowledgedOnly: false) {
            let id = row.messageID.debugDescription
            served.add("inbox \(row.number)", "\(row.index) \(id) \(row.receivedAt)")
            served.add("inbox bytes \(row.number)", row.header + row.envelope + row.body)
            let found = try row.messageID.flatMap { try store.inboxRow($0)?.number }
            served.add("inbox row \(row.number)", found.debugDescription)
        }
    }

    private func serveOutbox(of store: NodeStore, _ served: inout Served) throws {
        for row in try store.outbox(limit: .max) {
            let facts = "\(row.messageID) \(row.state) \(row.attempts) \(row.writtenAt)"
            served.add("outbox \(row.sequence)", facts)
            let bytes = row.prepared + row.body + row.draft + row.outcome
            served.add("outbox bytes \(row.sequence)", bytes)
            let signed = try store.signedReceipts(row.messageID) ?? Data()
            served.add("receipts \(row.sequence)", signed)
            let found = try store.outboxRow(row.messageID)?.sequence
            served.add("outbox row \(row.sequence)", found.debugDescription)
        }
    }
}
