// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The golden vectors in Schemas/vectors. They were written by an implementation in another
// language; this library must make the same bytes, or open them where randomness is involved, and
// that other implementation must accept what this library makes.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore

import enum Crypto.Curve25519
import enum Crypto.HPKE

/// One JSON file of vectors, read without a type for each.
struct Vectors {
    struct Malformed: Error {}
    let value: Any

    init(_ name: String) throws {
        let url = Self.root.appending(path: "Schemas/vectors/\(name)")
        self.value = try JSONSerialization.jsonObject(with: Data(contentsOf: url))
    }

    init(value: Any) { self.value = value }

    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()

    func callAsFunction(_ key: String) throws -> Vectors {
        guard let found = (value as? [String: Any])?[key] else { throw Malformed() }
        return Vectors(value: found)
    }

    func text(_ key: String) throws -> String {
        guard let text = try self(key).value as? String else { throw Malformed() }
        return text
    }

    func number(_ key: String) throws -> UInt64 {
        guard let number = try self(key).value as? NSNumber else { throw Malformed() }
        return number.uint64Value
    }

    func bytes(_ key: String) throws -> Data {
        guard let data = Data(lowercaseHexadecimal: try text(key)) else { throw Malformed() }
        return data
    }

    func digest(_ key: String) throws -> Digest {
        guard let digest = Digest(bytes: try bytes(key)) else { throw Malformed() }
        return digest
    }

    func list(_ key: String) throws -> [Vectors] {
        guard let list = try self(key).value as? [Any] else { throw Malformed() }
        return list.map(Vectors.init(value:))
    }

    func digests(_ key: String) throws -> [Digest] {
        try list(key).map { item in
            guard let text = item.value as? String, let digest = Digest(hexadecimal: text)
            else { throw Malformed() }
            return digest
        }
    }

    func keys(_ key: String) throws -> [VerifierKey] {
        try list(key).map { try VerifierKey(text: $0.value as? String ?? "") }
    }
}

struct VectorTests {
    static func signingKey(_ vectors: Vectors, _ field: String = "seed") throws -> SigningKey {
        try #require(SigningKey(seed: try vectors.bytes(field)))
    }

    @Test func `notes`() throws {
        let vectors = try Vectors("notes.json")
        var signers: [String: NoteSigner] = [:]
        for item in try vectors.list("signers") {
            let signer = try NoteSigner(
                name: try item.text("name"),
                key: try Self.signingKey(item)
            )
            #expect(signer.verifierKey.text == (try item.text("verifier_key")))
            #expect(signer.privateText == (try item.text("signer_key")))
            signers[signer.verifierKey.name] = signer
        }
        for item in try vectors.list("accepted") {
            let note = try SignedNote(bytes: Data(try item.text("note").utf8))
            let verified = try note.verify(try item.keys("keys")).map(\.name)
            #expect(verified == (try item.list("signed_by").map { $0.value as? String }))
            #expect(note.string == (try item.text("note")))
            guard verified.allSatisfy({ signers[$0] != nil }),
                verified.count == note.signatures.count
            else { continue }
            var again = try SignedNote(text: note.text)
            for name in verified { try signers[name]?.sign(&again) }
            for name in verified {
                let line = again.signatures.first { $0.name == name }
                let key = try #require(signers[name]).verifierKey
                #expect(line?.keyID == key.id)
                #expect(try again.verify([key]) == [key])
            }
        }
        for item in try vectors.list("refused") {
            let (note, why) = (try item.text("note"), try item.text("why"))
            let keys = try item.keys("keys")
            #expect(throws: NoteError.self, "\(why)") {
                try SignedNote(bytes: Data(note.utf8)).verify(keys)
            }
        }
    }

    @Test func `trees`() throws {
        let vectors = try Vectors("tree.json")
        let hashes = try vectors.digests("leaf_hashes")
        let roots = try vectors.digests("roots")
        for size in 0...hashes.count {
            #expect(MerkleTree(leafHashes: Array(hashes[..<size])).root == roots[size])
        }
        for item in try vectors.list("inclusion") {
            let (index, size) = (try item.number("index"), try item.number("size"))
            let path = try item.digests("path")
            let tree = MerkleTree(leafHashes: Array(hashes[..<Int(size)]))
            #expect(tree.inclusionPath(of: Int(index)) == path)
            let proof = InclusionProof(index: index, size: size, path: path)
            #expect(proof.verify(leafHash: hashes[Int(index)], root: roots[Int(size)]))
        }
        for item in try vectors.list("consistency") {
            let (old, new) = (try item.number("old"), try item.number("new"))
            let proof = ConsistencyProof(
                oldSize: old,
                newSize: new,
                path: try item.digests("path")
            )
            #expect(proof.verify(oldRoot: roots[Int(old)], newRoot: roots[Int(new)]))
        }
    }

    @Test func `checkpoint, cosignature and proof file`() throws {
        let vectors = try Vectors("checkpoint.json")
        let ledgerKey = try VerifierKey(text: try vectors("ledger").text("verifier_key"))
        let witness = try vectors("witness")
        let witnessKey = try VerifierKey(text: try witness.text("verifier_key"))
        let checkpoint = try Checkpoint(
            origin: try vectors.text("origin"),
            size: try vectors.number("size"),
            root: try vectors.digest("root")
        )
        #expect(checkpoint.text == (try vectors.text("text")))
        for name in ["signed", "cosigned"] {
            let note = try SignedNote(bytes: Data(try vectors.text(name).utf8))
            #expect(try Checkpoint(note: note, ledgerKey: ledgerKey) == checkpoint)
        }
        let cosigned = try SignedNote(bytes: Data(try vectors.text("cosigned").utf8))
        let times = try cosigned.verifiedSignatures([ledgerKey, witnessKey]).map(\.time)
        #expect(times == [nil, try witness.number("time")])
        let proof = try vectors("proof")
        let file = try ProofFile(bytes: Data(try proof.text("file").utf8))
        #expect(file.bytes == Data(try proof.text("file").utf8))
        #expect(file.extra == (try proof.bytes("extra")))
        let leaf = try Vectors("tree.json").digests("leaf_hashes")[Int(file.index)]
        #expect(try file.verify(leafHash: leaf, ledgerKey: ledgerKey) == checkpoint)
    }

    @Test func `plain envelopes and batch signatures`() throws {
        let vectors = try Vectors("envelope.json")
        let key = try #require(
            SigningPublicKey(rawRepresentation: try vectors.bytes("public_key"))
        )
        #expect(try Self.signingKey(vectors).publicKey == key)
        let headerBytes = try vectors.bytes("header")
        let body = try vectors.bytes("body")
        #expect(EnvelopeDigest.header(headerBytes) == (try vectors.digest("header_digest")))
        #expect(EnvelopeDigest.body(body) == (try vectors.digest("body_digest")))
        let digest = EnvelopeParts.digest(headerBytes: headerBytes, bodyBytes: body)
        #expect(digest == (try vectors.digest("digest")))
        let batch = try vectors("batch")
        var verifier = BatchVerifier()
        for bytes in [try vectors.bytes("alone"), try batch.bytes("envelope")] {
            let envelope = try EnvelopeParts(bytes: bytes, form: .submitted)
                .verified(with: &verifier, key: key)
            #expect(envelope.parts.digest == digest)
            #expect(try envelope.parts.header().language == "pl")
        }
        let digests = try batch.digests("digests")
        for (index, item) in try batch.list("signatures").enumerated() {
            let text = try #require(item.value as? String)
            let bytes = try #require(Data(lowercaseHexadecimal: text))
            let signature = try WireBatchSignature(serializedBytes: bytes)
            #expect(try signature.serializedBytes() == bytes)
            let isCovered = verifier.verify(
                envelopeDigest: digests[index],
                signature: signature,
                key: key
            )
            #expect(isCovered)
        }
    }

    @Test func `sealed envelopes`() throws {
        let vectors = try Vectors("seal.json")
        let key = try #require(
            SigningPublicKey(rawRepresentation: try vectors.bytes("public_key"))
        )
        guard let contentKey = ContentKey(bytes: try vectors.bytes("content_key")) else {
            throw Vectors.Malformed()
        }
        let sealInfo = contentKey.sealInfo
        #expect(sealInfo.keyCommitment == (try vectors.bytes("key_commitment")))
        var verifier = BatchVerifier()
        let submitted = try EnvelopeParts(
            bytes: try vectors.bytes("submitted"),
            form: .submitted
        ).verified(with: &verifier, key: key)
        #expect(submitted.parts.digest == (try vectors.digest("digest")))
        let delivered = try EnvelopeParts(
            bytes: try vectors.bytes("delivered"),
            form: .delivered
        ).verified(with: &verifier, key: key)
        var recipients: [SealRecipient] = []
        for (index, item) in try vectors.list("recipients").enumerated() {
            let node = try EnvelopeFixtures.node(try item.text("node"))
            let privateKey = try #require(
                SealingPrivateKey(rawRepresentation: try item.bytes("private_key"))
            )
            #expect(privateKey.publicKey.rawRepresentation == (try item.bytes("public_key")))
            #expect(privateKey.publicKey.keyID.data == (try item.bytes("key_id")))
            let opened = try Unseal.open(submitted, as: node, keys: [privateKey])
            #expect(opened == (try vectors.bytes("content")))
            if index == 1 {
                #expect(
                    submitted.parts.deliverable.bytes(for: node) == (try vectors.bytes("delivered"))
                )
                #expect(try Unseal.open(delivered, as: node, keys: [privateKey]) == opened)
            }
            recipients.append(SealRecipient(node: node, publicKey: privateKey.publicKey))
        }
        let sealed = try Seal.seal(
            body: try vectors.bytes("content"),
            headerBytes: try vectors.bytes("header"),
            key: contentKey,
            recipients: recipients.reversed()
        )
        #expect(sealed.bytes == (try vectors.bytes("body")))
    }

    @Test func `ledger leaf`() throws {
        let vectors = try Vectors("ledger-leaf.json")
        let (salt, record) = (try vectors.bytes("salt"), try vectors.bytes("record"))
        #expect(LedgerLeaf.bytes(salt: salt, record: record) == (try vectors.bytes("leaf")))
        let hash = LedgerLeaf.hash(salt: salt, record: record)
        #expect(hash == (try vectors.digest("leaf_hash")))
    }

    @Test func `RFC 8032 and RFC 9180`() throws {
        let vectors = try Vectors("rfc.json")
        for item in try vectors.list("rfc8032") {
            let key = try Self.signingKey(item)
            #expect(key.publicKey.rawRepresentation == (try item.bytes("public_key")))
            let isValid = key.publicKey.isValid(
                signature: try item.bytes("signature"),
                for: try item.bytes("message")
            )
            #expect(isValid)
        }
        for item in try vectors.list("rfc9180") {
            var recipient = try HPKE.Recipient(
                privateKey: Curve25519.KeyAgreement.PrivateKey(
                    rawRepresentation: try item.bytes("private_key")
                ),
                ciphersuite: .Curve25519_SHA256_ChachaPoly,
                info: try item.bytes("info"),
                encapsulatedKey: try item.bytes("encapsulated_key")
            )
            let opened = try recipient.open(
                try item.bytes("ciphertext"),
                authenticating: try item.bytes("aad")
            )
            #expect(opened == (try item.bytes("plaintext")))
        }
    }
}
