// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Disks that are full, damaged or not there: a clear error, nothing acknowledged, no crash.

import Foundation
import GRDB
import Glibc
import Testing
import WiciCore
import WiciLedger

struct DiskFaultTests {
    @Test func `a full disk refuses the batch, keeps what was there, and goes on with room`() throws
    {
        let fixture = try LedgerFixture()
        let audience = recipients(["ngo-a.main"])
        var acknowledged: [MessageID] = []
        var root = Digest.zero
        do {
            _ = try fixture.openWithReleases()
        }
        do {
            let ledger = try fixture.open(largestFileBytes: 400_000).ledger
            var number = UInt64(0)
            var refused: LedgerError?
            while refused == nil, number < 10_000 {
                let entries = try (0..<UInt64(10)).map {
                    NewEntry.accepted(
                        try acceptedEntry(number + $0, to: audience, bodyBytes: 1_024)
                    )
                }
                do {
                    _ = try ledger.append(entries, at: LedgerFixture.start)
                    acknowledged += (number..<number + 10).map(messageID)
                } catch {
                    refused = error
                }
                number += 10
            }
            #expect(refused?.code == .ledgerDiskFull)
            #expect(!acknowledged.isEmpty)
            #expect(ledger.size == UInt64(acknowledged.count) + 3)
            #expect(!ledger.isStopped)
            #expect(throws: LedgerError.self) {
                try ledger.append(
                    [
                        .accepted(
                            try acceptedEntry(90_000, to: audience, bodyBytes: 200_000)
                        )
                    ],
                    at: LedgerFixture.start
                )
            }
            root = ledger.root
        }
        let ledger = try fixture.open().ledger
        #expect(ledger.root == root)
        for id in acknowledged { #expect(try ledger.findMessage(id) != nil) }
        let next = try acceptedEntry(99_000, to: audience)
        #expect(try ledger.append([.accepted(next)], at: LedgerFixture.start).count == 1)
    }

    @Test func `a second hub on the same file is refused while the first runs`() throws {
        let fixture = try LedgerFixture()
        let first = try fixture.openWithReleases()
        let error = #expect(throws: LedgerError.self) { try fixture.open() }
        #expect(error?.code == .ledgerInUse)
        #expect(first.size == 2)
    }

    @Test func `a second hub that reaches the file by a link is refused as well`() throws {
        let fixture = try LedgerFixture()
        let link = fixture.folder.path("link.sqlite")
        try FileManager.default.createSymbolicLink(
            atPath: link,
            withDestinationPath: fixture.path
        )
        // The link leads nowhere yet: the ledger is made where it points.
        let first = try fixture.open(link).ledger
        #expect(FileManager.default.fileExists(atPath: fixture.path))
        for name in [fixture.path, link] {
            let error = #expect(throws: LedgerError.self) { try fixture.open(name) }
            #expect(error?.code == .ledgerInUse)
        }
        #expect(first.size == 0)
    }

    @Test func `a folder that is not there and a file that is no ledger are refused`() throws {
        let fixture = try LedgerFixture()
        let missing = fixture.folder.path("missing/ledger.sqlite")
        let first = #expect(throws: LedgerError.self) { try fixture.open(missing) }
        #expect(first?.code == .ledgerUnopenable)
        let text = fixture.folder.path("text.sqlite")
        try Data(String(repeating: "no ledger ", count: 900).utf8).write(
            to: URL(fileURLWithPath: text)
        )
        let second = #expect(throws: LedgerError.self) { try fixture.open(text) }
        #expect(second?.code == .ledgerVersionUnknown)
        let other = fixture.folder.path("other.sqlite")
        let queue = try DatabaseQueue(path: other)
        try queue.write { try $0.execute(sql: "CREATE TABLE t (x)") }
        try queue.close()
        let third = #expect(throws: LedgerError.self) { try fixture.open(other) }
        #expect(third?.code == .ledgerVersionUnknown)
    }

    @Test func `a protected file is refused as read-only`() throws {
        let fixture = try LedgerFixture()
        do { _ = try fixture.openWithReleases() }
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o444],
            ofItemAtPath: fixture.path
        )
        // Whoever runs the tests may make and lock files in the folder, but not write to this one.
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o777],
            ofItemAtPath: fixture.folder.url.path
        )
        try FileManager.default.setAttributes(
            [.posixPermissions: 0o666],
            ofItemAtPath: fixture.path + "-lock"
        )
        try withoutSuperUser {
            let descriptor = Glibc.open(fixture.path, O_RDWR)
            #expect(descriptor == -1 && errno == EACCES)
            let error = #expect(throws: LedgerError.self) { try fixture.open() }
            #expect(error?.code == .ledgerReadOnly)
        }
    }

    /// Runs a body with an ordinary user's rights to files: Linux keeps the user id that counts for
    /// files per thread, so no other test notices.
    private func withoutSuperUser(_ body: () throws -> Void) throws {
        guard geteuid() == 0 else { return try body() }
        typealias SetUser = @convention(c) (uid_t) -> CInt
        let symbol = try #require(dlsym(nil, "setfsuid"))
        let setUser = unsafeBitCast(symbol, to: SetUser.self)
        _ = setUser(65_534)
        defer { _ = setUser(0) }
        try body()
    }

    /// Overwrites one byte in every page in turn: each run either opens with the true content or
    /// refuses; it never opens with a changed past and never traps.
    @Test(arguments: [100, 1_777, 3_900])
    func `a damaged byte in any page is refused or harmless`(offset: Int) throws {
        let fixture = try LedgerFixture()
        var root = Digest.zero
        do {
            let ledger = try fixture.openWithReleases()
            let entries = try (0..<UInt64(200)).map {
                NewEntry.accepted(try acceptedEntry($0, to: recipients(["ngo-a.main"])))
            }
            _ = try ledger.append(entries, at: LedgerFixture.start)
            _ = try ledger.checkpoint(now: LedgerFixture.start)
            root = ledger.root
        }
        let whole = try Data(contentsOf: URL(fileURLWithPath: fixture.path))
        var refusals = 0
        for page in 0..<whole.count / 4_096 {
            var damaged = whole
            damaged[page * 4_096 + offset] ^= 0x5A
            let copy = fixture.folder.path("damaged-\(page).sqlite")
            try damaged.write(to: URL(fileURLWithPath: copy))
            do {
                #expect(try fixture.open(copy).ledger.root == root)
            } catch {
                refusals += 1
                #expect(error.place.file == copy)
                #expect(error.code.number >= 1_100)
            }
            try FileManager.default.removeItem(atPath: copy)
        }
        #expect(refusals > 0)
    }

    @Test func `a checkpoint reads back from disk and finds what changed under it`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let entry = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
        _ = try ledger.append([.accepted(entry)], at: LedgerFixture.start)
        try fixture.tamper("UPDATE opening SET record = zeroblob(40) WHERE place = 3")
        let error = #expect(throws: LedgerError.self) {
            try ledger.checkpoint(now: LedgerFixture.start)
        }
        #expect(error?.code == .ledgerLeafWrong)
        #expect(error?.place.index == 3)
        #expect(ledger.isStopped)
        let refused = #expect(throws: LedgerError.self) {
            try ledger.append([.event(.operation(WireOperation()))], at: LedgerFixture.start)
        }
        #expect(refused?.code == .ledgerStopped)
    }

    @Test func `an old entry that rots is found by reading in the background`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let entries = try (0..<UInt64(50)).map {
            NewEntry.accepted(try acceptedEntry($0, to: recipients(["ngo-a.main"])))
        }
        _ = try ledger.append(entries, at: LedgerFixture.start)
        let note = try ledger.checkpoint(now: LedgerFixture.start)
        // Three rounds over 53 entries find nothing.
        for _ in 0..<12 { try ledger.reread(atMost: 20) }
        try fixture.tamper("UPDATE opening SET record = zeroblob(40) WHERE place = 7")
        // The checkpoint in force does not notice, because nothing was appended since.
        #expect(try ledger.checkpoint(now: LedgerFixture.start) == note)
        let error = #expect(throws: LedgerError.self) {
            for _ in 0..<4 { try ledger.reread(atMost: 20) }
        }
        #expect(error?.code == .ledgerLeafWrong)
        #expect(error?.place.index == 7)
        #expect(ledger.isStopped)
    }

    @Test func `a message that cannot be read for its recipient stops the ledger`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let entry = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
        _ = try ledger.append([.accepted(entry)], at: LedgerFixture.start)
        let unknown = #expect(throws: LedgerError.self) {
            try ledger.messages(at: [LedgerIndex(99)])
        }
        #expect(unknown?.code == .entryUnknown && !ledger.isStopped)
        try fixture.tamper("UPDATE opening SET record = zeroblob(40) WHERE place = 3")
        let error = #expect(throws: LedgerError.self) {
            try ledger.messages(at: [LedgerIndex(3)])
        }
        #expect(error?.place.index == 3)
        #expect(ledger.isStopped)
    }

    @Test func `an old entry that was replaced together with its leaf is found too`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let entry = try acceptedEntry(1, to: recipients(["ngo-a.main"]))
        _ = try ledger.append([.accepted(entry)], at: LedgerFixture.start)
        _ = try ledger.checkpoint(now: LedgerFixture.start)
        // The opening matches its leaf, so only the root tells that both are others.
        let salt = Data(repeating: 0, count: LedgerLeaf.saltByteCount)
        let leaf = try #require(LedgerLeaf.bytes(salt: salt, record: Data([8, 1])))
        try fixture.tamper(
            "UPDATE opening SET salt = zeroblob(32), record = x'0801' WHERE place = 3"
        )
        try fixture.tamper(
            "UPDATE leaf SET bytes = x'\(leaf.lowercaseHexadecimal)' WHERE place = 3"
        )
        let error = #expect(throws: LedgerError.self) {
            for _ in 0..<3 { try ledger.reread(atMost: 20) }
        }
        #expect(error?.code == .ledgerRootWrong)
    }

    @Test func `reading back in steps gives the same checkpoint`() throws {
        let fixture = try LedgerFixture()
        let ledger = try fixture.openWithReleases()
        let entries = try (0..<UInt64(50)).map {
            NewEntry.accepted(try acceptedEntry($0, to: recipients(["ngo-a.main"])))
        }
        _ = try ledger.append(entries, at: LedgerFixture.start)
        #expect(try !ledger.readBack(atMost: 20))
        #expect(try !ledger.readBack(atMost: 20))
        #expect(try ledger.readBack(atMost: 20))
        let note = try ledger.checkpoint(now: LedgerFixture.start)
        let checkpoint = try Checkpoint(note: note, ledgerKey: fixture.signer.verifierKey)
        #expect(checkpoint.root == ledger.root)
        #expect(try ledger.checkpoint(now: LedgerFixture.start) == note)
    }
}
