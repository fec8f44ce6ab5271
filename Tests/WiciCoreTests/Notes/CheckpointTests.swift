// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Checkpoints and witness cosignatures against C2SP tlog-checkpoint and tlog-cosignature.

import Foundation
import Testing
import WiciCore

struct CheckpointTests {
    static let body = """
        example.com/behind-the-sofa
        20852163
        CsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=

        """

    @Test func `the text of the specification is read and written the same`() throws {
        let checkpoint = try Checkpoint(text: Self.body)
        #expect(checkpoint.origin == "example.com/behind-the-sofa")
        #expect(checkpoint.size == 20_852_163)
        #expect(checkpoint.text == Self.body)
        let again = try Checkpoint(
            origin: checkpoint.origin,
            size: checkpoint.size,
            root: checkpoint.root
        )
        #expect(again == checkpoint)
    }

    @Test func `extension lines of others are kept but never signed by us`() throws {
        let checkpoint = try Checkpoint(text: Self.body + "extra line\n")
        #expect(checkpoint.extensions == ["extra line"])
        #expect(checkpoint.text == Self.body + "extra line\n")
        let signer = try SignedNoteTests.signer("example.com/behind-the-sofa")
        #expect(throws: NoteError.malformedCheckpoint) { try checkpoint.signed(by: signer) }
    }

    @Test(arguments: [
        "", "origin\n", "origin\n1\n", "\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n01\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n+1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n-1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n9223372036854775808\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n99999999999999999999\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I\n",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2J=\n", "origin\n1\nAAAA\n",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=",
        "origin\n1\nCsUYapGGPo4dkMgIAUqom/Xajj7h2fB2MPA3j2jxq2I=\n\n",
    ])
    func `a malformed checkpoint is refused`(_ text: String) {
        #expect(throws: NoteError.self) { try Checkpoint(text: text) }
    }

    @Test func `a checkpoint is read only when its own ledger signed it`() throws {
        let ledger = try SignedNoteTests.signer("wici.example/ledger", 1)
        let exercise = try SignedNoteTests.signer("wici.example/exercise", 2)
        let checkpoint = try Checkpoint(
            origin: "wici.example/ledger",
            size: 5,
            root: .zero
        )
        let note = try checkpoint.signed(by: ledger)
        let read = try Checkpoint(note: note, ledgerKey: ledger.verifierKey)
        #expect(read == checkpoint)
        #expect(throws: NoteError.otherOrigin) { try checkpoint.signed(by: exercise) }
        let foreign = try exercise.note(text: checkpoint.text)
        #expect(throws: NoteError.otherOrigin) {
            try Checkpoint(note: foreign, ledgerKey: exercise.verifierKey)
        }
        #expect(throws: NoteError.noKnownSignature) {
            try Checkpoint(note: foreign, ledgerKey: ledger.verifierKey)
        }
    }

    @Test func `a cosignature carries its time and breaks when the time is altered`() throws {
        let ledger = try SignedNoteTests.signer("wici.example/ledger", 1)
        let key = try #require(SigningKey(seed: Data(repeating: 9, count: 32)))
        let witness = try Cosigner(name: "wici.example/witness", key: key)
        let checkpoint = try Checkpoint(
            origin: "wici.example/ledger",
            size: 5,
            root: .zero
        )
        var note = try checkpoint.signed(by: ledger)
        let line = try witness.cosignature(over: checkpoint, at: 1_679_315_147)
        #expect(line.payload.count == 72)
        note.add(line)
        let keys = [ledger.verifierKey, witness.verifierKey]
        let verified = try SignedNote(bytes: note.bytes).verifiedSignatures(keys)
        #expect(verified.map(\.time) == [nil, 1_679_315_147])
        #expect(verified.map(\.key) == keys)

        var payload = line.payload
        payload[7] ^= 1
        note.add(
            SignedNote.Signature(name: line.name, keyID: line.keyID, payload: payload)
        )
        #expect(throws: NoteError.badSignature(keyName: "wici.example/witness")) {
            try note.verify(keys)
        }
    }
}
