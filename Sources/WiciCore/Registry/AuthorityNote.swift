// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What registry and policy have in common when they are loaded: the authority's signatures, the
// chain of releases, the dates. A file that fails any of this leaves the old one in force.

import Crypto
public import Foundation

/// A signed note whose authority signatures were verified.
struct AuthorityNote {
    let text: String
    let digest: Digest

    /// Verifies m of n signatures.
    init(bytes: Data, trust: AuthorityTrust) throws(DocumentError) {
        let note: SignedNote
        do {
            note = try SignedNote(bytes: bytes)
        } catch {
            throw DocumentError(
                error == .tooLarge(limit: SignedNote.Limits.document.bytes)
                    ? .documentTooLarge : .noteUnreadable
            )
        }
        let verified: [VerifierKey]
        do {
            verified = try note.verify(trust.keys)
        } catch .badSignature {
            throw DocumentError(.noteSignatureWrong)
        } catch {
            throw DocumentError(.noteSignaturesMissing)
        }
        // Keys are counted once however many names they bear.
        guard trust.threshold >= 1, Set(verified.map(\.publicKey)).count >= trust.threshold else {
            throw DocumentError(.noteSignaturesMissing)
        }
        self.text = note.text
        self.digest = Digest(SHA256.hash(data: bytes))
    }
}

/// The place of a release in its chain.
struct ReleaseChain {
    let network: String
    let release: UInt64
    let previous: Digest?
    let issued: CivilDate
    let expires: CivilDate

    /// Refuses a release that is not on from the one in force, or not of this day.
    ///
    /// A member that was away may skip releases; only the direct successor can be compared with
    /// the digest at hand.
    func follow(
        _ inForce: (chain: ReleaseChain, digest: Digest)?,
        digest: Digest,
        on date: CivilDate
    ) throws(DocumentError) {
        try checkDates(on: date)
        try follow(inForce, digest: digest)
    }

    /// Refuses a release that is not of this day.
    func checkDates(on date: CivilDate) throws(DocumentError) {
        guard issued <= date else { throw DocumentError(.documentNotYetIssued, path: "issued") }
        guard date <= expires else { throw DocumentError(.documentExpired, path: "expires") }
    }

    /// Refuses a release that is not on from the one before it, whatever the day.
    func follow(
        _ inForce: (chain: ReleaseChain, digest: Digest)?,
        digest: Digest
    ) throws(DocumentError) {
        guard let inForce, inForce.digest != digest else { return }
        guard network == inForce.chain.network else { throw DocumentError(.networkDiffers) }
        guard release > inForce.chain.release else {
            throw DocumentError(.releaseNotNewer, path: "release")
        }
        if release == inForce.chain.release + 1, previous != inForce.digest {
            throw DocumentError(.previousDigestWrong, path: "previous")
        }
    }
}

extension RegistryContents {
    var chain: ReleaseChain {
        ReleaseChain(
            network: network,
            release: release,
            previous: previous,
            issued: issued,
            expires: expires
        )
    }
}

extension Registry {
    /// Loads a registry from the bytes of its signed note.
    ///
    /// With a registry already in force the authority named by that one must have signed, the
    /// release must grow and the direct successor must name its digest; the same note again is
    /// accepted while its dates hold. Without one, `trust` decides. The old authority signs a change
    /// of authority.
    public static func load(
        note: Data,
        trust: AuthorityTrust,
        after previous: Registry?,
        now: Moment
    ) throws(RegistryError) -> Registry {
        if let previous, previous.digest == Digest(SHA256.hash(data: note)) {
            // Known byte for byte: whose keys signed it was asked when it came into force, and the
            // authority may have changed with it.
            try previous.contents.chain.checkDates(on: WarsawTime.date(at: now))
            return previous
        }
        let verified = try AuthorityNote(
            bytes: note,
            trust: previous?.contents.authority ?? trust
        )
        let contents = try RegistryContents(text: verified.text)
        try contents.chain.follow(
            previous.map { ($0.contents.chain, $0.digest) },
            digest: verified.digest,
            on: WarsawTime.date(at: now)
        )
        return Registry(contents: contents, digest: verified.digest)
    }

    /// Follows releases that were in force one after another, the oldest first, from an authority
    /// that is trusted: each must be signed by the authority that the one before it names.
    ///
    /// Dates are not asked, because each was in force in its time. Returns the last; `nil` when
    /// there is none.
    public static func follow(
        chain notes: [Data],
        trust: AuthorityTrust
    ) throws(RegistryError) -> Registry? {
        var last: Registry?
        for note in notes {
            let verified = try AuthorityNote(
                bytes: note,
                trust: last?.contents.authority ?? trust
            )
            let contents = try RegistryContents(text: verified.text)
            try contents.chain.follow(
                last.map { ($0.contents.chain, $0.digest) },
                digest: verified.digest
            )
            last = Registry(contents: contents, digest: verified.digest)
        }
        return last
    }
}

extension AuthorityTrust {
    /// Whether enough of these keys signed a note.
    public func hasSigned(_ note: Data) -> Bool {
        (try? AuthorityNote(bytes: note, trust: self)) != nil
    }
}
