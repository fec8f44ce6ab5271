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
        guard issued <= date else { throw DocumentError(.documentNotYetIssued, path: "issued") }
        guard date <= expires else { throw DocumentError(.documentExpired, path: "expires") }
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
    /// accepted. Without one, `trust` decides.
    public static func load(
        note: Data,
        trust: AuthorityTrust,
        after previous: Registry?,
        now: Moment
    ) throws(RegistryError) -> Registry {
        let verified = try AuthorityNote(
            bytes: note,
            trust: acceptedTrust(trust, after: previous, note: note)
        )
        let contents = try RegistryContents(text: verified.text)
        try contents.chain.follow(
            previous.map { ($0.contents.chain, $0.digest) },
            digest: verified.digest,
            on: WarsawTime.date(at: now)
        )
        return Registry(contents: contents, digest: verified.digest)
    }

    /// The old authority signs a change of authority; the note in force was signed by the one before
    /// it and is known by its digest.
    private static func acceptedTrust(
        _ trust: AuthorityTrust,
        after previous: Registry?,
        note: Data
    ) -> AuthorityTrust {
        guard let previous, previous.digest != Digest(SHA256.hash(data: note)) else { return trust }
        return previous.contents.authority
    }
}
