// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Documents that people write: registry, enrolment requests, policy, vocabulary, configuration. What
// is accepted and written again reads the same, so that a release differs where it was edited only.

import Foundation
import WiciCore
import WiciHub
import WiciNode

extension FuzzTarget {
    /// A registry's text, whole and as the part without keys; signed, it is loaded.
    static let registry = FuzzTarget("registry", longestInput: 16 << 10) { input in
        guard let text = String(validating: input, as: UTF8.self) else { return }
        _ = accepted { () throws(RegistryError) in try MembershipText(text: text) }
        guard
            let contents = accepted({ () throws(RegistryError) in
                try RegistryContents(text: text)
            })
        else { return }
        let written = contents.text
        let again = accepted { () throws(RegistryError) in try RegistryContents(text: written) }
        try require(again == contents, "an accepted registry is read from what is written of it")
        try require(again?.text == written, "a registry has one canonical text")
        let signer = try FuzzKeys.shared.get().authority
        guard let note = try? signer.note(text: text) else { return }
        let trust = AuthorityTrust(threshold: 1, keys: [signer.verifierKey])
        let loaded = accepted { () throws(RegistryError) in
            try Registry.load(note: note.bytes, trust: trust, after: nil, now: FuzzNetwork.now)
        }
        guard let loaded else { return }
        for node in contents.nodes {
            _ = loaded.isInGoodStanding(node.id, at: FuzzNetwork.now)
        }
        _ = accepted { () throws(RegistryError) in
            try Registry.load(note: note.bytes, trust: trust, after: loaded, now: FuzzNetwork.now)
        }
    }

    /// An enrolment request, as it is and signed by the key that it names.
    static let enrolment = FuzzTarget("enrolment", longestInput: 4 << 10) { input in
        var notes = [input]
        let keys = try FuzzKeys.shared.get()
        if let text = String(validating: input, as: UTF8.self),
            let node = text.split(separator: "\n").first(where: { $0.hasPrefix("node: ") }),
            let signer = try? NoteSigner(
                name: node.dropFirst(6).filter { $0 != "\"" },
                key: keys.sender
            ),
            let note = try? signer.note(text: text)
        {
            notes.append(note.bytes)
        }
        for note in notes {
            guard
                let request = accepted({ () throws(DocumentError) in
                    try EnrolmentRequest(note: note)
                })
            else { continue }
            let text = try SignedNote(bytes: note).text
            let signer = try NoteSigner(name: request.node.text, key: keys.sender)
            guard request.signingKey.data == keys.sender.publicKey.rawRepresentation else {
                continue
            }
            let again = try EnrolmentRequest(note: signer.note(text: request.text).bytes)
            try require(again == request, "an accepted request reads the same: \(text.count)")
        }
    }

    /// A policy's text: read, and held against its own checks.
    static let policy = FuzzTarget("policy", longestInput: 16 << 10) { input in
        guard let text = String(validating: input, as: UTF8.self),
            let policy = accepted({ () throws(PolicyError) in try Policy(text: text) })
        else { return }
        for check in policy.checks.prefix(64) {
            let decision = policy.decide(check.policyCase, on: policy.issued)
            let isGranted = decision.verdict == .allowed
            try require(!isGranted || !decision.rules.isEmpty, "nothing is granted without a rule")
            _ = check.holds(in: policy)
            _ = policy.explain(check.policyCase, on: policy.issued)
        }
    }

    /// A list of the vocabulary.
    static let vocabulary = FuzzTarget("vocabulary", longestInput: 8 << 10) { input in
        guard let text = String(validating: input, as: UTF8.self),
            let vocabulary = accepted({ () throws(VocabularyError) in
                try Vocabulary(files: [text])
            })
        else { return }
        for list in vocabulary.lists.values {
            try require(!list.entries.isEmpty, "an accepted list has codes")
            for entry in list.entries {
                try require(list[entry.code.text] == entry, "a code is found by its text")
                _ = (entry.until, entry.acknowledgeWithin)
            }
        }
    }

    /// The configuration of a node and of a hub.
    static let configuration = FuzzTarget("configuration", longestInput: 8 << 10) { input in
        guard let text = String(validating: input, as: UTF8.self) else { return }
        if let node = accepted({ () throws(NodeError) in try NodeConfiguration(text: text) }) {
            let again = accepted { () throws(NodeError) in try NodeConfiguration(text: node.text) }
            try require(again == node, "a node's configuration reads as it was written")
        }
        if let hub = accepted({ () throws(DocumentError) in try HubConfiguration(text: text) }) {
            let again = accepted { () throws(DocumentError) in
                try HubConfiguration(text: hub.text)
            }
            try require(again == hub, "a hub's configuration reads as it was written")
        }
    }
}
