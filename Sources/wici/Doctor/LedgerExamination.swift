// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the doctor looks at in a hub's ledger: the file, the signed checkpoint and the end. It reads
// only and takes a moment, also beside a running hub; everything is wici audit verify.

import Foundation
import WiciCore
import WiciHub
import WiciLedger

extension Examination {
    /// How many of the youngest entries are read; their pages' checksums are checked with them.
    private static let youngest: UInt64 = 1_000

    /// The ledger of a hub whose registry names this key.
    mutating func examineLedger(_ hub: HubFolder, key: VerifierKey) {
        let subject = say("księga", "ledger")
        guard FileManager.default.fileExists(atPath: hub.ledgerFile.path) else {
            return note(
                .warning,
                subject,
                "nie ma jej; powstanie przy pierwszym uruchomieniu. Jeżeli ten węzeł już działał, nie "
                    + "uruchamiaj go: zob. Deploy/OPERATIONS.md.",
                "there is none; the first start makes it. If this hub has run before, do not start "
                    + "it: see Deploy/OPERATIONS.md."
            )
        }
        do {
            let reader = try LedgerReader(path: hub.ledgerFile.path)
            // The checkpoint first: a running hub only adds to what it covers.
            let checkpoint = try reader.lastCheckpoint().map {
                try Checkpoint(note: $0, ledgerKey: key)
            }
            let size = try reader.size()
            let signed = checkpoint?.size ?? 0
            guard signed <= size else {
                throw LedgerError(
                    .ledgerShorterThanCheckpoint,
                    at: .init(file: hub.ledgerFile.path, table: "leaf", index: size),
                    detail: "\(size) of \(signed)"
                )
            }
            var wrong: UInt64?
            let first = LedgerIndex(size > Self.youngest ? size - Self.youngest : 0)
            try reader.forEachEntry(from: first, below: size) { entry throws(LedgerError) in
                guard let salt = entry.salt, let record = entry.record else { return }
                if LedgerLeaf.bytes(salt: salt, record: record) != entry.leaf {
                    wrong = wrong ?? entry.index.value
                }
            }
            if let wrong {
                throw LedgerError(
                    .ledgerLeafWrong,
                    at: .init(file: hub.ledgerFile.path, table: "leaf", index: wrong)
                )
            }
            note(
                .ok,
                subject,
                "wpisów \(size), podpisany punkt kontrolny obejmuje \(signed). Całość sprawdza: "
                    + "wici audit verify \(hub.location.path)",
                "\(size) entries, the signed checkpoint covers \(signed). Everything is checked by "
                    + "wici audit verify \(hub.location.path)"
            )
        } catch {
            note(error, subject)
        }
    }
}
