// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A node's folder: configuration, keys and store in one place. `wici node init` makes it.

public import Foundation
import PrivateFiles
public import WiciCore
import ZeroMQ

/// The files of a node.
public struct NodeFolder: Sendable, Hashable {
    /// The folder itself.
    public let location: URL

    /// Takes a folder, made or to be made.
    public init(_ location: URL) {
        self.location = location
    }

    /// `node.yaml`.
    public var configurationFile: URL { location.appending(path: "node.yaml") }
    /// The folder of the key files, mode 0700.
    public var keyFolder: URL { location.appending(path: "keys") }
    /// The request that goes to the network authority.
    public var requestFile: URL { location.appending(path: "enrolment.request") }
    /// The token of the local API, mode 0600.
    public var tokenFile: URL { location.appending(path: APIToken.fileName) }

    /// A path of the configuration, which starts in the folder unless it is absolute.
    public func resolve(_ path: String) -> URL {
        path.hasPrefix("/") ? URL(filePath: path) : location.appending(path: path)
    }

    /// Makes folder, keys, configuration, API token and enrolment request.
    ///
    /// Refuses to touch a folder that has any of them.
    public func initialise(
        _ configuration: NodeConfiguration,
        institution: InstitutionID
    ) throws(NodeError) -> EnrolmentRequest {
        for file in [configurationFile, requestFile, tokenFile]
        where FileManager.default.fileExists(atPath: file.path) {
            throw NodeError(.alreadyInitialised, file: file)
        }
        try PrivateFolder.make(location, .readable)
        let keys = try NodeKeys.create(in: keyFolder)
        do throws(NodeError) {
            return try write(keys, configuration, institution)
        } catch {
            // Nobody knows these keys yet; another attempt begins with nothing.
            NodeKeys.discard(in: keyFolder)
            for file in [tokenFile, requestFile, configurationFile] {
                try? FileManager.default.removeItem(at: file)
            }
            throw error
        }
    }

    private func write(
        _ keys: NodeKeys,
        _ configuration: NodeConfiguration,
        _ institution: InstitutionID
    ) throws(NodeError) -> EnrolmentRequest {
        let request = try keys.enrolmentRequest(
            institution: institution,
            node: configuration.node
        )
        let note: Data
        do {
            note = try request.signed(with: keys.signing)
        } catch {
            throw NodeError(.requestProofWrong, file: requestFile)
        }
        let token = StorageKey().bytes.lowercaseHexadecimal
        try PrivateFile.write(Data(token.utf8), to: tokenFile)
        try PrivateFile.write(note, to: requestFile)
        try PrivateFile.write(Data(configuration.text.utf8), to: configurationFile)
        return request
    }

    /// Reads `node.yaml`.
    public func configuration() throws(NodeError) -> NodeConfiguration {
        let bytes = try PrivateFile.read(configurationFile, limit: 1 << 16)
        return try NodeConfiguration(text: String(decoding: bytes, as: UTF8.self))
    }

    /// Reads the keys.
    public func keys() throws(NodeError) -> NodeKeys {
        try NodeKeys.load(from: keyFolder)
    }
}

extension NodeKeys {
    /// The public halves in the form in which they are enrolled.
    public func enrolmentRequest(
        institution: InstitutionID,
        node: NodeID
    ) throws(NodeError) -> EnrolmentRequest {
        guard let exchangeKey = RawPublicKey(bytes: exchange.publicKey.bytes),
            let signingKey = RawPublicKey(bytes: signing.publicKey.rawRepresentation),
            let sealingKey = (sealing.first?.publicKey.rawRepresentation).flatMap({
                RawPublicKey(bytes: $0)
            })
        else { throw NodeError(.keyUnreadable) }
        return EnrolmentRequest(
            institution: institution,
            node: node,
            exchangeKey: exchangeKey,
            signingKey: signingKey,
            sealingKey: sealingKey
        )
    }
}
