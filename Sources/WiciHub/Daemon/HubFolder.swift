// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A hub's folder: configuration, keys, the signed notes in force and the ledger, all in one place
// that can be backed up and moved. `wici hub init` makes it.

import Crypto
public import Foundation
import PrivateFiles
public import WiciCore
package import WiciLedger
import ZeroMQ

/// What an operator decides about a hub: `hub.yaml`.
public struct HubConfiguration: Sendable, Equatable {
    /// Name of the ledger, equal to its key's name; one for each ledger ever, also for exercises.
    public var origin: String
    /// Where nodes connect, for example `tcp://0.0.0.0:5570`.
    public var exchange: String
    /// Where the feed is published, for example `tcp://0.0.0.0:5571`.
    public var feed: String
    /// Loopback port of metrics and health; 0 lets the system choose.
    public var statusPort: Int
    /// Whose signatures registry and policy need.
    public var authority: AuthorityTrust
    /// What each member may do.
    public var limits: MemberLimits

    /// Makes a configuration.
    public init(
        origin: String,
        exchange: String,
        feed: String,
        statusPort: Int,
        authority: AuthorityTrust,
        limits: MemberLimits = .standard
    ) {
        self.origin = origin
        self.exchange = exchange
        self.feed = feed
        self.statusPort = statusPort
        self.authority = authority
        self.limits = limits
    }

    /// Reads `hub.yaml`, strictly: an unknown key refuses the file.
    public init(text: String) throws(DocumentError) {
        var fields = try DocumentValue(text: text).fields()
        origin = try fields.required("origin").text()
        exchange = try fields.required("exchange").text()
        feed = try fields.required("feed").text()
        statusPort = Int(try fields.required("status-port").number(in: 0...65_535))
        var authorityFields = try fields.required("authority").fields()
        let threshold = Int(try authorityFields.required("threshold").number(in: 1...16))
        var keys: [VerifierKey] = []
        for value in try authorityFields.required("keys").list(limit: 16) {
            let text = try value.text(limit: 400)
            guard let key = try? VerifierKey(text: text) else {
                throw value.wrongForm("klucz weryfikujący", "a verifier key")
            }
            keys.append(key)
        }
        // More signatures than there are keys could never come together.
        guard threshold <= keys.count else { throw authorityFields.error(.documentContradiction) }
        authority = AuthorityTrust(threshold: threshold, keys: keys)
        try authorityFields.finish()
        limits = .standard
        if let rate = try fields.optional("envelopes-per-second")?.number(in: 1...1_000_000) {
            limits.envelopesPerSecond = Int(rate)
        }
        try fields.finish()
    }

    /// The configuration as `hub.yaml`.
    public var text: String {
        """
        # A hub of the Wici network. Change a value, then restart the hub.
        origin: \(quoted(origin))
        exchange: \(quoted(exchange))
        feed: \(quoted(feed))
        status-port: \(statusPort)
        # Messages a second that one member may send over a long time; ten times as many at once.
        envelopes-per-second: \(limits.envelopesPerSecond)
        authority:
          threshold: \(authority.threshold)
          keys:
        \(authority.keys.map { "    - \(quoted($0.text))" }.joined(separator: "\n"))

        """
    }
}

/// The files of a hub.
public struct HubFolder: Sendable {
    /// The folder itself.
    public let location: URL

    /// Takes a folder, made or to be made.
    public init(_ location: URL) {
        self.location = location
    }

    var configurationFile: URL { location.appending(path: "hub.yaml") }
    /// The folder of the key files, mode 0700.
    var keyFolder: URL { location.appending(path: "keys") }
    var exchangeKeyFile: URL { keyFolder.appending(path: "exchange.key") }
    var ledgerKeyFile: URL { keyFolder.appending(path: "ledger.key") }
    /// The registry's signed note; replaced by the operator, read at start and reload.
    public var registryFile: URL { location.appending(path: "registry.note") }
    /// The policy's signed note; replaced by the operator, read at start and reload.
    public var policyFile: URL { location.appending(path: "policy.note") }
    /// The ledger.
    public var ledgerFile: URL { location.appending(path: "ledger.sqlite") }
    /// Process id of the running hub.
    public var processFile: URL { location.appending(path: "hub.pid") }

    /// What the registry must say of this hub.
    public struct Identity: Sendable {
        /// Public half of the exchange key, 64 hexadecimal digits.
        public let exchangeKey: String
        /// Verifier key of the ledger.
        public let ledgerKey: VerifierKey
    }

    /// Makes folder, keys and configuration; refuses to touch a folder that has any of them.
    public func initialise(_ configuration: HubConfiguration) throws(HubError) -> Identity {
        for file in [configurationFile, exchangeKeyFile, ledgerKeyFile]
        where FileManager.default.fileExists(atPath: file.path) {
            throw HubError(.alreadyInitialised, file: file)
        }
        let exchange: CurveKeyPair
        let signer: NoteSigner
        let key = SigningKey()
        do {
            exchange = try CurveKeyPair.generate()
            signer = try NoteSigner(name: configuration.origin, key: key)
        } catch {
            throw HubError(.configurationWrong, file: configurationFile)
        }
        try PrivateFolder.make(location, .readable)
        try PrivateFolder.make(keyFolder, .closed)
        let secret = exchange.withSecretBytes { Data($0) }
        do throws(HubError) {
            try PrivateFile.write(Data(KeyText.text(of: secret).utf8), to: exchangeKeyFile)
            try PrivateFile.write(Data(KeyText.text(of: key.seed).utf8), to: ledgerKeyFile)
            try PrivateFile.write(Data(configuration.text.utf8), to: configurationFile)
        } catch {
            // Nobody knows these keys yet; another attempt begins with nothing.
            for file in [exchangeKeyFile, ledgerKeyFile, configurationFile] {
                try? FileManager.default.removeItem(at: file)
            }
            throw error
        }
        return Identity(
            exchangeKey: exchange.publicKey.hexadecimal,
            ledgerKey: signer.verifierKey
        )
    }

    /// Reads the configuration.
    public func configuration() throws(HubError) -> HubConfiguration {
        let bytes = try PrivateFile.read(configurationFile, limit: 1 << 16)
        do {
            return try HubConfiguration(text: String(decoding: bytes, as: UTF8.self))
        } catch {
            throw HubError(.configurationWrong, file: configurationFile, detail: error.sentence)
        }
    }

    func exchangeKeys() throws(HubError) -> CurveKeyPair {
        try PrivateFolder.check(keyFolder, .closed)
        guard let keys = CurveKeyPair(secret: try PrivateFile.readKey(exchangeKeyFile)) else {
            throw HubError(.keyUnreadable, file: exchangeKeyFile)
        }
        return keys
    }

    func ledgerKey() throws(HubError) -> SigningKey {
        try PrivateFolder.check(keyFolder, .closed)
        guard let key = SigningKey(seed: try PrivateFile.readKey(ledgerKeyFile)) else {
            throw HubError(.keyUnreadable, file: ledgerKeyFile)
        }
        return key
    }

    /// The key that signs the ledger's checkpoints, under the ledger's name.
    public func ledgerSigner() throws(HubError) -> NoteSigner {
        let origin = try configuration().origin
        do {
            return try NoteSigner(name: origin, key: try ledgerKey())
        } catch let error as HubError {
            throw error
        } catch {
            throw HubError(.configurationWrong, file: configurationFile)
        }
    }

    /// What was in force when the hub ended, from the notes that its ledger recorded.
    ///
    /// The registries are followed from the authority of `hub.yaml`; nil where no recorded one was
    /// signed by it, which is so in a new ledger and after the operator named another authority.
    package func lastInForce(_ recorded: RecordedNotes, trust: AuthorityTrust) -> ReleaseInForce? {
        guard let registry = try? Registry.follow(chain: recorded.registries, trust: trust) else {
            return nil
        }
        return ReleaseInForce(
            registry: registry,
            policy: recorded.policy.flatMap { try? Policy.recorded(note: $0) }
        )
    }

    /// What the registry must say of a hub that runs on this folder, from its name and its keys.
    package func identity() throws(HubError) -> HubIdentity {
        let signer = try ledgerSigner()
        let exchange = try exchangeKeys().publicKey
        guard let exchangeKey = RawPublicKey(hexadecimal: exchange.hexadecimal) else {
            throw HubError(.keyUnreadable, file: exchangeKeyFile)
        }
        return HubIdentity(
            origin: signer.verifierKey.name,
            exchangeKey: exchangeKey,
            ledgerKey: signer.verifierKey
        )
    }

    /// Loads registry and policy and verifies that they are for this hub and may follow what is or was
    /// in force.
    package func release(
        for hub: HubIdentity,
        trust: AuthorityTrust,
        after current: ReleaseInForce?,
        now: Moment
    ) throws(HubError) -> Release {
        let registryNote = try PrivateFile.read(registryFile, limit: 4 << 20)
        let policyNote = try PrivateFile.read(policyFile, limit: 4 << 20)
        let registry: Registry
        do {
            registry = try Registry.load(
                note: registryNote,
                trust: trust,
                after: current?.registry,
                now: now
            )
        } catch {
            throw HubError(.registryRefused, file: registryFile, detail: error.sentence)
        }
        guard registry.contents.hub == hub else {
            throw HubError(.hubKeyDiffers, file: registryFile)
        }
        do {
            let policy = try Policy.load(
                note: policyNote,
                trust: registry.contents.authority,
                after: current?.policy,
                now: now
            )
            return Release(
                registry: registry,
                policy: policy,
                registryNote: registryNote,
                policyNote: policyNote
            )
        } catch {
            throw HubError(.policyRefused, file: policyFile, detail: error.sentence)
        }
    }
}

/// What a new registry and policy must follow.
package struct ReleaseInForce: Sendable {
    package let registry: Registry
    /// Nil when none was recorded.
    package let policy: Policy?
}

/// Notes of releases that the ledger recorded.
package struct RecordedNotes: Sendable {
    /// Registries, the oldest first, from the last one on that the authority of `hub.yaml` signed.
    var registries: [Data] = []
    /// The policy that was in force last.
    var policy: Data?

    /// Reads them from a ledger; a note whose digest is not the recorded one is passed over.
    package init(
        of ledger: Ledger,
        _ recovered: RecoveredState,
        trust: AuthorityTrust
    ) throws(LedgerError) {
        for index in try ledger.releases(.registry).reversed() {
            let note = try ledger.release(.registry, at: index)
            registries.insert(note, at: 0)
            if trust.hasSigned(note) { break }
        }
        if registries.first.map(trust.hasSigned) != true { registries = [] }
        if let place = recovered.policy {
            let note = try ledger.release(.policy, at: place.index)
            if Digest(SHA256.hash(data: note)) == place.digest { policy = note }
        }
    }
}
