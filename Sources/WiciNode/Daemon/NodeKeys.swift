// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A node's four keys, each in a file of its own: who connects, who signs, to whom is sealed, and
// under what the node's disk is encrypted. One key is never used for two of these.

public import Foundation
import PrivateFiles
public import WiciCore
public import ZeroMQ

/// The keys of a node.
public struct NodeKeys: Sendable {
    /// CURVE pair of the exchange and feed connections.
    public let exchange: CurveKeyPair
    /// Ed25519 key that signs the node's messages.
    public let signing: SigningKey
    /// X25519 keys that open what was sealed to the node: the current one first, then retired ones.
    public let sealing: [SealingPrivateKey]
    /// The key under which content stands on the node's disk.
    public let storage: StorageKey

    static let exchangeFile = "exchange.key"
    static let signingFile = "signing.key"
    static let sealingFile = "sealing.key"
    static let retiredPrefix = "sealing-retired-"
    static let storageFile = "storage.key"

    /// Makes keys from their parts.
    public init(
        exchange: CurveKeyPair,
        signing: SigningKey,
        sealing: [SealingPrivateKey],
        storage: StorageKey
    ) {
        self.exchange = exchange
        self.signing = signing
        self.sealing = sealing
        self.storage = storage
    }

    /// Makes new keys in a folder of mode 0700, one file of mode 0600 each; refuses to replace any.
    public static func create(in folder: URL) throws(NodeError) -> NodeKeys {
        let files = [exchangeFile, signingFile, sealingFile, storageFile]
        for file in files.map({ folder.appending(path: $0) })
        where FileManager.default.fileExists(atPath: file.path) {
            throw NodeError(.alreadyInitialised, file: file)
        }
        let exchange: CurveKeyPair
        do {
            exchange = try CurveKeyPair.generate()
        } catch {
            throw NodeError(.keyUnreadable, file: folder)
        }
        let keys = NodeKeys(
            exchange: exchange,
            signing: SigningKey(),
            sealing: [SealingPrivateKey()],
            storage: StorageKey()
        )
        try PrivateFolder.make(folder, .closed)
        let secrets = [
            exchange.withSecretBytes { Data($0) }, keys.signing.seed,
            keys.sealing.first?.rawRepresentation ?? Data(), keys.storage.bytes,
        ]
        do throws(NodeError) {
            for (file, secret) in zip(files, secrets) {
                try PrivateFile.write(
                    Data(KeyText.text(of: secret).utf8),
                    to: folder.appending(path: file)
                )
            }
        } catch {
            discard(in: folder)
            throw error
        }
        return keys
    }

    /// Removes keys that were just made and that nobody knows yet.
    static func discard(in folder: URL) {
        for file in [exchangeFile, signingFile, sealingFile, storageFile] {
            unlink(folder.appending(path: file).path)
        }
    }

    /// Reads the keys; refuses a folder or file in which others have any right.
    public static func load(from folder: URL) throws(NodeError) -> NodeKeys {
        try load(from: folder) { folder.appending(path: $0) }
    }

    /// Reads the keys, each from the place of its file's name; a sealing key in the folder itself
    /// counts among the retired ones where the place is another.
    static func load(
        from folder: URL,
        place: (String) -> URL
    ) throws(NodeError) -> NodeKeys {
        try PrivateFolder.check(folder, .closed)
        let exchangeSecret = try PrivateFile.readKey(place(exchangeFile))
        let seed = try PrivateFile.readKey(place(signingFile))
        let storageBytes = try PrivateFile.readKey(folder.appending(path: storageFile))
        var files = [place(sealingFile), folder.appending(path: sealingFile)]
        if files[0] == files[1] { files.removeLast() }
        var sealing: [SealingPrivateKey] = []
        for file in files + retiredFiles(in: folder) {
            let bytes = try PrivateFile.readKey(file)
            guard let key = SealingPrivateKey(rawRepresentation: bytes) else {
                throw NodeError(.keyUnreadable, file: file)
            }
            sealing.append(key)
        }
        guard let exchange = CurveKeyPair(secret: exchangeSecret),
            let signing = SigningKey(seed: seed), let storage = StorageKey(bytes: storageBytes)
        else { throw NodeError(.keyUnreadable, file: folder) }
        return NodeKeys(exchange: exchange, signing: signing, sealing: sealing, storage: storage)
    }

    private static func retiredFiles(in folder: URL) -> [URL] {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { $0.hasPrefix(retiredPrefix) && $0.hasSuffix(".key") }.sorted()
            .map { folder.appending(path: $0) }
    }
}
