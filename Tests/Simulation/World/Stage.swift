// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What all runs of a process share, because it takes longer to make than a run: the country with its
// keys and releases, the letters, the oracle's memory, and empty stores to begin from.

import Foundation
import WiciCore
import WiciLedger
import WiciNode

/// What runs share: made once a process.
struct Stage {
    let country: Country
    let letters: Letters
    let oracle: Oracle
    /// An empty ledger and an empty node store, copied at the start of each run.
    let templates: (ledger: Disk, store: Disk)
    /// A folder of the system, for the ledger's lock file.
    let folder: String
}

extension Stage {
    /// Makes what runs share: keys, letters, releases, empty stores.
    static func made() throws -> Stage {
        guard Disk.register() else { throw StoreFailure.refused }
        let root = URL(filePath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .deletingLastPathComponent().deletingLastPathComponent()
        let policy = try String(
            contentsOf: root.appending(path: "Deploy/network/policy.yaml"),
            encoding: .utf8
        )
        let folder = try Self.folder()
        let country = try Country(policyText: policy)
        let letters = try Letters(country)
        guard let ledger = Disk(folder: folder + "/hub", seed: 0),
            let key = StorageKey(bytes: Data(repeating: 77, count: 32))
        else { throw StoreFailure.refused }
        _ = try Ledger.open(
            LedgerConfiguration(path: folder + "/hub/ledger.sqlite"),
            signer: country.ledgerSigner,
            now: Country.noon
        )
        guard let store = Disk(folder: folder + "/template", seed: 0) else {
            throw StoreFailure.refused
        }
        _ = try NodeStore(path: folder + "/template/node.sqlite", key: key)
        return Stage(
            country: country,
            letters: letters,
            oracle: Oracle(country, letters),
            templates: (ledger, store),
            folder: folder
        )
    }

    /// Folders of the system for lock files; content never gets there.
    private static func folder() throws -> String {
        let shared = FileManager.default.fileExists(atPath: "/dev/shm")
        let base = shared ? "/dev/shm" : FileManager.default.temporaryDirectory.path
        let folder = "\(base)/wici-simulation-\(ProcessInfo.processInfo.processIdentifier)"
        for name in ["hub", "template"] + (0..<32).map({ "node\($0)" }) {
            try FileManager.default.createDirectory(
                atPath: "\(folder)/\(name)",
                withIntermediateDirectories: true
            )
        }
        return folder
    }

    /// Removes the lock files.
    func removeFolder() {
        try? FileManager.default.removeItem(atPath: folder)
    }
}
