// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Hands notes, trees, proofs and envelopes that this library makes to the independent checker in
// Tests/Interop/vectors, which also checks the golden vectors.

import Foundation
import Testing
import WiciCore

struct InteropTests {
    @Test func `an implementation in another language accepts what this library makes`() throws {
        let made: [String: Any] = [
            "notes": [try Self.note()],
            "envelopes": try Self.envelopes(),
            "trees": try [1, 2, 3, 7, 64, 65, 100].map(Self.tree),
            "proofs": [try Self.proof()],
        ]
        let output = try Self.check(try JSONSerialization.data(withJSONObject: made))
        #expect(output.status == 0, "\(output.text)")
        #expect(output.text.hasSuffix("checks passed\n"))
    }

    @Test func `the checker refuses what was altered after it was made`() throws {
        var envelope = try #require(try Self.envelopes().last)
        let digest = try #require(envelope["digest"])
        envelope["digest"] = String(digest.reversed())
        let made: [String: Any] = [
            "notes": [try Self.note()], "envelopes": [envelope],
            "trees": [try Self.tree(3)], "proofs": [],
        ]
        let output = try Self.check(try JSONSerialization.data(withJSONObject: made))
        #expect(output.status == 1)
    }

    /// Runs check.py with what was made on its standard input.
    static func check(_ input: Data) throws -> (status: Int32, text: String) {
        let process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        process.arguments = [
            "python3", Vectors.root.appending(path: "Tests/Interop/vectors/check.py").path(),
            "--made",
        ]
        let (standardInput, standardOutput) = (Pipe(), Pipe())
        process.standardInput = standardInput
        process.standardOutput = standardOutput
        process.standardError = standardOutput
        process.environment = ProcessInfo.processInfo.environment.merging(
            ["PYTHONDONTWRITEBYTECODE": "1"]
        ) { $1 }
        try process.run()
        try standardInput.fileHandleForWriting.write(contentsOf: input)
        try standardInput.fileHandleForWriting.close()
        let text = try standardOutput.fileHandleForReading.readToEnd() ?? Data()
        process.waitUntilExit()
        return (process.terminationStatus, String(decoding: text, as: UTF8.self))
    }

    static func note() throws -> [String: Any] {
        let first = try NoteSigner(name: "wici.example/made-1", key: SigningKey())
        let second = try NoteSigner(name: "wici.example/made-2", key: SigningKey())
        var note = try first.note(text: "a: 1\n\nb: łódź\n")
        try second.sign(&note)
        return [
            "note": note.string,
            "keys": [first.verifierKey.text, second.verifierKey.text],
            "signed_by": ["wici.example/made-1", "wici.example/made-2"],
        ]
    }

    static func envelopes() throws -> [[String: String]] {
        let publicKey = try EnvelopeFixtures.signingKey().publicKey.rawRepresentation
        let node = try EnvelopeFixtures.node("la-strada.main")
        let body = Data("treść".utf8)
        let submitted = try EnvelopeFixtures.sealed(body: body)
        let parts = try EnvelopeParts(bytes: submitted, form: .submitted)
        let delivered = try #require(parts.deliverable.bytes(for: node))
        let plain = try EnvelopeFixtures.plain()
        let plainDigest = try EnvelopeParts(bytes: plain, form: .submitted).digest
        let opening = [
            "node": node.text,
            "private_key": Data(repeating: 12, count: 32).lowercaseHexadecimal,
            "content": body.lowercaseHexadecimal,
        ]
        return [
            (plain, plainDigest, [:]), (submitted, parts.digest, opening),
            (delivered, parts.digest, opening),
        ].map { bytes, digest, opening in
            opening.merging([
                "envelope": bytes.lowercaseHexadecimal,
                "public_key": publicKey.lowercaseHexadecimal,
                "digest": digest.hexadecimal,
            ]) { $1 }
        }
    }

    static func tree(_ size: Int) throws -> [String: Any] {
        let leaves = TreeTests.leaves(size)
        let stored = try TreeTests.stored(leaves)
        let (index, old) = (size * 2 / 3, (size + 2) / 3)
        let inclusion = try TreeReader.inclusionPath(
            index: UInt64(index),
            size: UInt64(size),
            node: stored.read
        )
        let consistency = try TreeReader.consistencyPath(
            from: UInt64(old),
            to: UInt64(size),
            node: stored.read
        )
        return [
            "leaves": leaves.map(\.lowercaseHexadecimal),
            "root": stored.frontier.root.hexadecimal,
            "index": index,
            "inclusion": try #require(inclusion).map(\.hexadecimal),
            "old": old,
            "consistency": try #require(consistency).map(\.hexadecimal),
        ]
    }

    static func proof() throws -> [String: Any] {
        let (file, _, key) = try ProofFileTests.proof(extra: Data([1]))
        return [
            "file": String(decoding: file.bytes, as: UTF8.self),
            "leaf": TreeTests.leaves(13)[6].lowercaseHexadecimal,
            "keys": [key.text],
        ]
    }
}
