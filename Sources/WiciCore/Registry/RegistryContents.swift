// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Everything that the text of a registry says, as a value that can be read, edited and written. The
// indexed form that hub and node ask is `Registry`.

/// The authority's keys and how many of them must sign.
public struct AuthorityTrust: Hashable, Sendable {
    /// Signatures needed, from 1.
    public var threshold: Int
    /// The keys, each of signature type Ed25519.
    public var keys: [VerifierKey]

    /// Makes a rule of m of n.
    public init(threshold: Int, keys: [VerifierKey]) {
        self.threshold = threshold
        self.keys = keys
    }
}

/// What members need to know of the hub.
public struct HubIdentity: Hashable, Sendable {
    /// The origin line of the ledger's checkpoints.
    public var origin: String
    /// CURVE public key of the hub's sockets.
    public var exchangeKey: RawPublicKey
    /// The key that signs checkpoints and receipts.
    public var ledgerKey: VerifierKey

    /// Makes a hub's identity.
    public init(origin: String, exchangeKey: RawPublicKey, ledgerKey: VerifierKey) {
        self.origin = origin
        self.exchangeKey = exchangeKey
        self.ledgerKey = ledgerKey
    }
}

/// The contents of a registry's text.
public struct RegistryContents: Hashable, Sendable {
    /// Name of the network.
    public var network: String
    /// Number of the release, from 1.
    public var release: UInt64
    /// SHA-256 of the previous release's signed note; `nil` for the first.
    public var previous: Digest?
    /// Day of issue.
    public var issued: CivilDate
    /// Last day on which the registry may be used.
    public var expires: CivilDate
    /// Who signs the next release.
    public var authority: AuthorityTrust
    /// The hub.
    public var hub: HubIdentity
    /// The teams.
    public var teams: [Team]
    /// The institutions.
    public var institutions: [Institution]
    /// The nodes.
    public var nodes: [RegistryNode]

    /// Most teams in a registry.
    public static let teamLimit = 64
    /// Most institutions in a registry.
    public static let institutionLimit = 4096
    /// Most nodes in a registry.
    public static let nodeLimit = 8192

    /// Makes contents; nothing is checked until they are written and read again.
    public init(
        network: String,
        release: UInt64,
        previous: Digest?,
        issued: CivilDate,
        expires: CivilDate,
        authority: AuthorityTrust,
        hub: HubIdentity,
        teams: [Team],
        institutions: [Institution],
        nodes: [RegistryNode]
    ) {
        self.network = network
        self.release = release
        self.previous = previous
        self.issued = issued
        self.expires = expires
        self.authority = authority
        self.hub = hub
        self.teams = teams
        self.institutions = institutions
        self.nodes = nodes
    }
}
