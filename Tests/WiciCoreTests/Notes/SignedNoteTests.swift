// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Signed notes against the rules of C2SP signed-note and a note made by another implementation.

import Foundation
import Testing
import WiciCore

struct SignedNoteTests {
    static let sampleKey = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    static let sampleNote = """
        This is an example message.

        \u{2014} example.com/foo \
        Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6TfXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=

        """

    static func signer(_ name: String = "wici.example/authority", _ byte: UInt8 = 7) throws
        -> NoteSigner
    {
        let key = try #require(SigningKey(seed: Data(repeating: byte, count: 32)))
        return try NoteSigner(name: name, key: key)
    }

    @Test func `a note by another implementation verifies and encodes to the same bytes`() throws {
        let key = try VerifierKey(text: Self.sampleKey)
        #expect(key.id == 0x530d_903a)
        #expect(key.text == Self.sampleKey)
        let note = try SignedNote(bytes: Data(Self.sampleNote.utf8))
        #expect(try note.verify([key]) == [key])
        #expect(note.text == "This is an example message.\n")
        #expect(note.bytes == Data(Self.sampleNote.utf8))
    }

    @Test func `any flipped bit of a note is refused`() throws {
        let key = try VerifierKey(text: Self.sampleKey)
        let bytes = Data(Self.sampleNote.utf8)
        for bit in 0..<bytes.count * 8 {
            var altered = bytes
            altered[bit / 8] ^= 1 << (bit % 8)
            #expect(throws: NoteError.self, "bit \(bit)") {
                try SignedNote(bytes: altered).verify([key])
            }
        }
    }

    @Test func `the last empty line separates text and signatures`() throws {
        let signer = try Self.signer()
        let note = try signer.note(text: "a: 1\n\nb: zażółć\n\n")
        let read = try SignedNote(bytes: note.bytes)
        #expect(read == note)
        #expect(read.text == "a: 1\n\nb: zażółć\n\n")
        #expect(try read.verify([signer.verifierKey]) == [signer.verifierKey])
    }

    @Test func `signatures by unknown keys are ignored`() throws {
        let known = try Self.signer("known.example", 1)
        let unknown = try Self.signer("unknown.example", 2)
        var note = try unknown.note(text: "text\n")
        #expect(throws: NoteError.noKnownSignature) { try note.verify([known.verifierKey]) }
        try known.sign(&note)
        #expect(try note.verify([known.verifierKey]) == [known.verifierKey])
    }

    @Test func `a bad signature by a known key refuses a note that another known key signed`()
        throws
    {
        let first = try Self.signer("first.example", 1)
        let second = try Self.signer("second.example", 2)
        var note = try first.note(text: "text\n")
        let wrong = try second.note(text: "other text\n")
        note.add(wrong.signatures[0])
        #expect(throws: NoteError.badSignature(keyName: "second.example")) {
            try note.verify([first.verifierKey, second.verifierKey])
        }
        #expect(try note.verify([first.verifierKey]).count == 1)
    }

    @Test func `a name or an id alone does not make a key known`() throws {
        let first = try Self.signer("same.example", 1)
        let second = try Self.signer("same.example", 2)
        let note = try first.note(text: "text\n")
        #expect(throws: NoteError.noKnownSignature) { try note.verify([second.verifierKey]) }
    }

    @Test func `signing twice with one key keeps one line`() throws {
        let signer = try Self.signer()
        var note = try signer.note(text: "text\n")
        try signer.sign(&note)
        #expect(note.signatures.count == 1)
        #expect(
            try SignedNote(bytes: note.bytes + Data(note.bytes.suffix(0))).verify(
                [signer.verifierKey]).count == 1
        )
    }

    @Test func `a line repeated in the bytes counts once`() throws {
        let signer = try Self.signer()
        let note = try signer.note(text: "text\n")
        let line = note.bytes.suffix(note.bytes.count - note.textBytes.count - 1)
        let read = try SignedNote(bytes: note.bytes + line)
        #expect(read.signatures.count == 2)
        #expect(try read.verify([signer.verifierKey]).count == 1)
    }

    @Test(arguments: [
        "", "\n", "text\n", "text\n\n", "text\n\n\n",
        "text\n\n\u{2014} a AAAA", "text\n\n- a AAAABBBB\n", "text\n\n\u{2014} a  AAAABBBB\n",
        "text\n\n\u{2014} a+b AAAABBBB\n", "text\n\n\u{2014}  AAAABBBB\n",
        "text\n\n\u{2014} a AAAA\n", "text\n\n\u{2014} a AAAABBBB \n",
        "text\n\n\u{2014} a AAAABBBB\nmore\n", "te\u{0}xt\n\n\u{2014} a AAAABBBB\n",
        "text\r\n\n\u{2014} a AAAABBBB\n", "text\t\n\n\u{2014} a AAAABBBB\n",
        "text\n\n\u{2014} a\u{00A0}b AAAABBBB\n", "text\n\n\u{2014} a AAAABBB\n",
        "text\n\n\u{2014} a AAAABB==\u{2014}\n",
    ])
    func `a malformed note is refused`(_ text: String) {
        #expect(throws: NoteError.self) { try SignedNote(bytes: Data(text.utf8)) }
    }

    @Test func `bytes that are not UTF-8 are refused`() {
        let bytes = Data([0xFF, 0xFE]) + Data("\n\n\u{2014} a AAAABBBB\n".utf8)
        #expect(throws: NoteError.notUTF8) { try SignedNote(bytes: bytes) }
    }

    @Test func `sixteen signatures are accepted and the limit is enforced`() throws {
        let line = "\u{2014} a AAAABBBB\n"
        let accept = "text\n\n" + String(repeating: line, count: 64)
        #expect(try SignedNote(bytes: Data(accept.utf8)).signatures.count == 64)
        let refuse = accept + line
        #expect(throws: NoteError.tooManySignatures(limit: 64)) {
            try SignedNote(bytes: Data(refuse.utf8))
        }
    }

    @Test func `a note over the byte limit is refused before it is read`() {
        let bytes = Data(repeating: 0x41, count: SignedNote.Limits.checkpoint.bytes + 1)
        #expect(throws: NoteError.tooLarge(limit: SignedNote.Limits.checkpoint.bytes)) {
            try SignedNote(bytes: bytes, limits: .checkpoint)
        }
    }

    @Test(arguments: ["", "no newline", "tab\there\n", "return\r\n"])
    func `a text that the format does not allow is not signed`(_ text: String) throws {
        let signer = try Self.signer()
        #expect(throws: NoteError.self) { try signer.note(text: text) }
    }
}

struct VerifierKeyTests {
    @Test(arguments: [
        "", "example.com/foo", "example.com/foo+530d903a",
        "example.com/foo+530d903b+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530D903A+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/fop+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/ foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AukyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k",
        "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U0=",
    ])
    func `a malformed key text is refused`(_ text: String) {
        #expect(throws: NoteError.self) { try VerifierKey(text: text) }
    }

    @Test func `a private key text gives the same signer back`() throws {
        let signer = try SignedNoteTests.signer()
        let again = try NoteSigner(privateText: signer.privateText)
        #expect(again.verifierKey == signer.verifierKey)
        #expect(signer.privateText.hasPrefix("PRIVATE+KEY+wici.example/authority+"))
        let note = try again.note(text: "text\n")
        #expect(try note.verify([signer.verifierKey]).count == 1)
    }

    @Test func `the two signature types of one key have different ids`() throws {
        let key = try #require(SigningKey(seed: Data(repeating: 3, count: 32)))
        let note = try VerifierKey(name: "w.example", publicKey: key.publicKey)
        let witness = try VerifierKey(
            name: "w.example",
            kind: .cosignature,
            publicKey: key.publicKey
        )
        #expect(note.id != witness.id)
        #expect(try VerifierKey(text: witness.text) == witness)
    }
}
