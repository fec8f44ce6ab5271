// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The authority's changes to a registry: each gives the contents of the next release, to be written,
// signed and handed to the hub.

import Crypto
public import Foundation

extension RegistryContents {
    /// The contents of the release after a signed note, as yet unchanged.
    ///
    /// The number grows by one and `previous` names the note. Signatures are not asked for here:
    /// the authority edits what it holds, and whoever loads the result verifies it.
    public static func successor(
        of note: Data,
        issued: CivilDate,
        expires: CivilDate? = nil
    ) throws(RegistryError) -> RegistryContents {
        guard let signed = try? SignedNote(bytes: note) else {
            throw RegistryError(.noteUnreadable)
        }
        var contents = try RegistryContents(text: signed.text)
        contents.release += 1
        contents.previous = Digest(SHA256.hash(data: note))
        contents.issued = issued
        if let expires { contents.expires = expires }
        return contents
    }

    /// The text of the release after a signed note, with one change made; refused if it would not
    /// load.
    public static func nextText(
        after note: Data,
        issued: CivilDate,
        _ change: (inout RegistryContents) throws(RegistryError) -> Void
    ) throws(RegistryError) -> String {
        var contents = try successor(of: note, issued: issued)
        try change(&contents)
        let text = contents.text
        _ = try RegistryContents(text: text)
        return text
    }

    /// Adds an institution.
    public mutating func add(_ institution: Institution) throws(RegistryError) {
        guard !institutions.contains(where: { $0.id == institution.id }) else {
            throw RegistryError(.documentIdTwice, path: "institutions")
        }
        institutions.append(institution)
    }

    /// Enrols the node of a request.
    public mutating func enrol(
        _ request: EnrolmentRequest,
        validity: Validity
    ) throws(RegistryError) {
        guard institutions.contains(where: { $0.id == request.institution }) else {
            throw RegistryError(.documentReferenceUnknown, path: "institution")
        }
        guard !nodes.contains(where: { $0.id == request.node }) else {
            throw RegistryError(.documentIdTwice, path: "node")
        }
        nodes.append(
            RegistryNode(
                id: request.node,
                institution: request.institution,
                exchangeKey: request.exchangeKey,
                signingKey: request.signingKey,
                sealingKey: request.sealingKey,
                validity: validity
            )
        )
    }

    /// Revokes a node from a day on.
    public mutating func revoke(
        _ node: NodeID,
        on date: CivilDate,
        reason: RevocationReason
    ) throws(RegistryError) {
        let place = try place(of: node)
        guard nodes[place].revocation == nil else {
            throw RegistryError(.nodeAlreadyRevoked, path: "nodes[\(place)]")
        }
        nodes[place].revocation = Revocation(date: date, reason: reason)
    }

    /// Replaces a node's keys by those of a request; the old ones count for mail through a day.
    public mutating func rotate(
        _ request: EnrolmentRequest,
        oldKeysThrough through: CivilDate
    ) throws(RegistryError) {
        let place = try place(of: request.node)
        guard nodes[place].institution == request.institution else {
            throw RegistryError(.documentContradiction, path: "nodes[\(place)].institution")
        }
        guard nodes[place].revocation == nil else {
            throw RegistryError(.nodeAlreadyRevoked, path: "nodes[\(place)]")
        }
        if nodes[place].signingKey != request.signingKey {
            let retired = RetiredKey(key: nodes[place].signingKey, through: through)
            nodes[place].retiredSigningKeys.insert(retired, at: 0)
        }
        if nodes[place].sealingKey != request.sealingKey {
            let retired = RetiredKey(key: nodes[place].sealingKey, through: through)
            nodes[place].retiredSealingKeys.insert(retired, at: 0)
        }
        nodes[place].exchangeKey = request.exchangeKey
        nodes[place].signingKey = request.signingKey
        nodes[place].sealingKey = request.sealingKey
    }

    private func place(of node: NodeID) throws(RegistryError) -> Int {
        guard let place = nodes.firstIndex(where: { $0.id == node }) else {
            throw RegistryError(.documentReferenceUnknown, path: "nodes")
        }
        return place
    }
}
