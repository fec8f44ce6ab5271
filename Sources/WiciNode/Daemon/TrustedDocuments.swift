// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Registry and policy as this node believes them: verified by itself against the authority, never
// older than what it had, whatever the clock says. A hub can neither add a member nor a rule, nor take
// one back.

import Foundation
import WiciCore

/// The signed documents that a node holds.
struct TrustedDocuments: Sendable {
    /// The registry in force; `nil` until the hub has sent one that verifies.
    private(set) var registry: Registry?
    /// The policy in force.
    private(set) var policy: Policy?
    private(set) var registryNote = Data()
    private(set) var policyNote = Data()
    /// Whose signatures the registry note in force was accepted under.
    private(set) var registryTrust: AuthorityTrust

    /// Starts with nothing but the authority of the configuration.
    init(authority: AuthorityTrust) {
        registryTrust = authority
    }

    /// Whether another node's mail can be judged and own mail be written.
    var isComplete: Bool { registry != nil && policy != nil }

    /// What the session needs of them; `nil` while there is no registry.
    var facts: NodeTrust? {
        registry.map {
            NodeTrust(
                registry: $0.digest,
                policy: policy?.digest,
                ledgerKey: $0.contents.hub.ledgerKey
            )
        }
    }

    /// Takes a newer registry; the same note again changes nothing.
    mutating func adopt(registry note: Data, now: Moment) throws(DocumentError) {
        let trust = registry?.contents.authority ?? registryTrust
        guard registry == nil || note != registryNote else { return }
        let loaded = try Registry.load(note: note, trust: trust, after: registry, now: now)
        registry = loaded
        registryNote = note
        registryTrust = trust
    }

    /// Takes a newer policy, signed by the authority that the registry names.
    mutating func adopt(policy note: Data, now: Moment) throws(DocumentError) {
        guard let registry else { throw DocumentError(.nodeWithoutRegistry) }
        guard policy == nil || note != policyNote else { return }
        policy = try Policy.load(
            note: note,
            trust: registry.contents.authority,
            after: policy,
            now: now
        )
        policyNote = note
    }

    /// Takes back what was adopted before the program was stopped.
    ///
    /// No date is asked: what expired meanwhile, or comes from a day that the clock has not reached,
    /// still stands against everything older. Whether it may be used is asked when it is used.
    mutating func restore(
        registry note: Data?,
        trust: AuthorityTrust?,
        policy policyNote: Data?
    ) {
        guard let note, let trust,
            let registry = try? Registry.follow(chain: [note], trust: trust)
        else { return }
        self.registry = registry
        registryNote = note
        registryTrust = trust
        guard let policyNote, let policy = try? Policy.recorded(note: policyNote) else { return }
        self.policy = policy
        self.policyNote = policyNote
    }
}

extension AuthorityTrust {
    /// Threshold and keys, a line each, for the node's own disk.
    var storedText: Data {
        Data(([String(threshold)] + keys.map(\.text)).joined(separator: "\n").utf8)
    }

    /// Reads `storedText`.
    init?(stored bytes: Data) {
        let lines = String(decoding: bytes, as: UTF8.self).split(separator: "\n").map(String.init)
        guard let first = lines.first, let threshold = Int(first) else { return nil }
        var keys: [VerifierKey] = []
        for line in lines.dropFirst() {
            guard let key = try? VerifierKey(text: line) else { return nil }
            keys.append(key)
        }
        self.init(threshold: threshold, keys: keys)
    }
}
