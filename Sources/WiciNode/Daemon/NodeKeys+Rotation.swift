// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// New keys for a node that stays a member. They wait beside the old ones until the registry names
// them; only then do they take their places, so that at every moment the node uses the keys under
// which the others know it.

public import Foundation
import Glibc
import PrivateFiles
public import WiciCore
import ZeroMQ

extension NodeKeys {
    /// The folder, within the key folder, of keys that wait for the registry.
    static let nextFolder = "next"

    /// Whether new keys wait in a key folder.
    public static func isRotating(in folder: URL) -> Bool {
        FileManager.default.fileExists(atPath: folder.appending(path: nextFolder).path)
    }

    /// Makes new exchange, signing and sealing keys that wait; gives the keys as they will be.
    ///
    /// Where keys wait already they are given again: the authority may have them by now. The key of
    /// the node's disk stays as it is.
    static func prepareRotation(in folder: URL) throws(NodeError) -> NodeKeys {
        let current = try load(from: folder)
        if let waiting = try rotated(in: folder) { return waiting }
        let exchange: CurveKeyPair
        do {
            exchange = try CurveKeyPair.generate()
        } catch {
            throw NodeError(.keyUnreadable, file: folder)
        }
        let fresh = NodeKeys(
            exchange: exchange,
            signing: SigningKey(),
            sealing: [SealingPrivateKey()] + current.sealing,
            storage: current.storage
        )
        // Whole or not at all: the folder gets its name when every key is in it.
        let unfinished = folder.appending(path: nextFolder + ".new")
        try? FileManager.default.removeItem(at: unfinished)
        try PrivateFolder.make(unfinished, .closed)
        try fresh.writeRotating(to: unfinished)
        guard rename(unfinished.path, folder.appending(path: nextFolder).path) == 0 else {
            throw NodeError(.fileUnwritable, file: folder)
        }
        return fresh
    }

    /// The keys as they will be once those that wait are in force; `nil` where none wait.
    static func rotated(in folder: URL) throws(NodeError) -> NodeKeys? {
        let next = folder.appending(path: nextFolder)
        guard FileManager.default.fileExists(atPath: next.path) else { return nil }
        // A key that was moved before a power cut is found at its new place.
        return try load(from: folder) { name in
            let waiting = next.appending(path: name)
            let isWaiting = FileManager.default.fileExists(atPath: waiting.path)
            return isWaiting ? waiting : folder.appending(path: name)
        }
    }

    /// Whether a registry's entry names exactly these keys.
    func areNamed(by entry: RegistryNode) -> Bool {
        entry.exchangeKey.data == exchange.publicKey.bytes
            && entry.signingKey.data == signing.publicKey.rawRepresentation
            && entry.sealingKey.data == sealing.first?.publicKey.rawRepresentation
    }

    /// Puts the keys that wait in their places; the old sealing key stays as a retired one.
    ///
    /// Each step can be repeated: after a power cut between two of them the next call goes on.
    static func finishRotation(in folder: URL) throws(NodeError) {
        let next = folder.appending(path: nextFolder)
        let sealing = folder.appending(path: sealingFile)
        if FileManager.default.fileExists(atPath: next.appending(path: sealingFile).path) {
            guard
                let old = SealingPrivateKey(rawRepresentation: try PrivateFile.readKey(sealing))
            else { throw NodeError(.keyUnreadable, file: sealing) }
            let name = "\(retiredPrefix)\(old.publicKey.keyID).key"
            let retired = folder.appending(path: name)
            guard link(sealing.path, retired.path) == 0 || errno == EEXIST else {
                throw NodeError(.fileUnwritable, file: retired)
            }
        }
        for name in [sealingFile, signingFile, exchangeFile] {
            let waiting = next.appending(path: name)
            guard FileManager.default.fileExists(atPath: waiting.path) else { continue }
            guard rename(waiting.path, folder.appending(path: name).path) == 0 else {
                throw NodeError(.fileUnwritable, file: folder.appending(path: name))
            }
        }
        guard rmdir(next.path) == 0 else { throw NodeError(.fileUnwritable, file: next) }
    }

    private func writeRotating(to folder: URL) throws(NodeError) {
        let secrets = [
            (Self.exchangeFile, exchange.withSecretBytes { Data($0) }),
            (Self.signingFile, signing.seed),
            (Self.sealingFile, sealing.first?.rawRepresentation ?? Data()),
        ]
        for (name, secret) in secrets {
            try PrivateFile.write(
                Data(KeyText.text(of: secret).utf8),
                to: folder.appending(path: name)
            )
        }
    }
}

extension NodeFolder {
    /// The request with which the authority replaces the node's keys.
    public var rotationFile: URL { location.appending(path: "rotation.request") }

    /// Whether new keys wait for the registry to name them.
    public var isRotating: Bool { NodeKeys.isRotating(in: keyFolder) }

    /// Makes new keys beside the old ones and writes the request that names them.
    ///
    /// The node goes on with the old keys until a registry that it has verified names the new ones.
    /// Called again before that, it writes the same request again.
    ///
    /// - Parameter institution: Needed where the folder's own enrolment request is gone.
    public func rotate(
        institution: InstitutionID? = nil
    ) throws(NodeError) -> EnrolmentRequest {
        let node = try configuration().node
        let member: InstitutionID
        if let institution {
            member = institution
        } else {
            let bytes = try PrivateFile.read(requestFile, limit: EnrolmentRequest.byteLimit)
            guard let enrolled = try? EnrolmentRequest(note: bytes) else {
                throw NodeError(.requestProofWrong, file: requestFile)
            }
            member = enrolled.institution
        }
        let keys = try NodeKeys.prepareRotation(in: keyFolder)
        let request = try keys.enrolmentRequest(institution: member, node: node)
        guard let note = try? request.signed(with: keys.signing) else {
            throw NodeError(.requestProofWrong, file: rotationFile)
        }
        try PrivateFile.write(note, to: rotationFile)
        return request
    }
}
