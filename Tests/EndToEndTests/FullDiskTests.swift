// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A hub on a disk that fills up and later has room again: a small file system in memory, which only
// root may mount.

import Foundation
import Glibc
import NetworkRig
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(8)))
struct FullDiskTests {
    /// A small file system over a folder, with the folder's files in it.
    private final class SmallDisk {
        private let folder: URL

        init(over folder: URL, megabytes: Int) throws {
            let manager = FileManager.default
            self.folder = folder
            let aside = folder.appendingPathExtension("aside")
            try manager.moveItem(at: folder, to: aside)
            try manager.createDirectory(at: folder, withIntermediateDirectories: true)
            try Self.run("mount", "-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.path)
            for name in try manager.contentsOfDirectory(atPath: aside.path) {
                try manager.moveItem(
                    at: aside.appending(path: name),
                    to: folder.appending(path: name)
                )
            }
            try manager.removeItem(at: aside)
        }

        deinit { try? Self.run("umount", "-l", folder.path) }

        func grow(toMegabytes megabytes: Int) throws {
            try Self.run("mount", "-o", "remount,size=\(megabytes)m", folder.path)
        }

        private static func run(_ words: String...) throws {
            let process = Process()
            process.executableURL = URL(filePath: "/usr/bin/env")
            process.arguments = words
            try process.run()
            process.waitUntilExit()
            guard process.terminationStatus == 0 else {
                throw TestNetwork.Failure("\(words.joined(separator: " ")) failed")
            }
        }
    }

    /// What became of a stream of submitted mail.
    private struct Sent {
        var accepted: [LedgerIndex] = []
        var refused: [Data] = []
        var refusals: Set<String> = []
    }

    @Test(.enabled(if: geteuid() == 0, "only root may mount a small disk"))
    func `a full disk acknowledges nothing, says so, and goes on by itself when it has room`()
        async throws
    {
        let (sends, gets) = ("kwp-lublin", "oip-lublin")
        let network = try TestNetwork(institutions: [sends, gets])
        let disk = try SmallDisk(over: network.hubFolder.location, megabytes: 6)
        let hub = try await HubDaemon(folder: network.hubFolder, logger: TestNetwork.quiet)
        let listener = MailListener(try network.member(gets))
        try await listener.connected()
        let sender = RawPeer(try network.member(sends))
        #expect(try await sender.perform { try $0.hello() } == .packet("welcome"))

        let member = try network.member(sends)
        let full = try await Self.fill(from: member, to: gets, on: sender)
        #expect(full.accepted.count > 20)
        #expect(full.refusals == ["ledger-unavailable"])
        try await eventually("the status page says why") {
            hub.board.health.problem?.code == "ledger-disk-full"
        }
        #expect(!hub.board.isReady && !hub.board.isLost)
        try await sender.perform { try $0.roundTrip() }

        try disk.grow(toMegabytes: 64)
        try await eventually("the hub serves again") { hub.board.isReady }
        #expect(hub.board.health.problem == nil)
        let again = try await Self.submit(full.refused, on: sender)
        #expect(again.refused.isEmpty)
        let count = full.accepted.count + again.accepted.count
        try await eventually("everything that was accepted has arrived, once and in order") {
            listener.seen.numbers == Array(1...UInt64(count))
        }
        await hub.stop()
        let reader = try LedgerReader(path: network.hubFolder.ledgerFile.path)
        let report = try AuditVerifier.verify(reader, ledgerKey: network.ledgerKey)
        #expect(report.isSound, "\(report.faults)")
        #expect(report.messages == UInt64(count))
    }

    /// Submits long messages one by one until three in a row are refused.
    private static func fill(
        from member: TestNetwork.Member,
        to institution: String,
        on peer: RawPeer
    ) async throws -> Sent {
        var sent = Sent()
        for number in 0..<2_000 where sent.refused.count < 3 {
            let envelope = try NumberedMail.envelopes(
                number..<number + 1,
                from: member,
                to: .with { $0.institutions = [institution] },
                padding: NumberedMail.longestSteps
            ).bytes
            let one = try await submit(envelope, on: peer)
            sent.accepted += one.accepted
            sent.refused += one.refused
            sent.refusals.formUnion(one.refusals)
        }
        return sent
    }

    private static func submit(_ envelopes: [Data], on peer: RawPeer) async throws -> Sent {
        try await peer.perform { conversation in
            var sent = Sent()
            for envelope in envelopes {
                switch try conversation.ask(.submit([envelope])) {
                case .receipt:
                    sent.accepted.append(LedgerIndex(conversation.lastReceipt.accepted.index))
                case .refused(let name):
                    sent.refused.append(envelope)
                    sent.refusals.insert(name)
                case let other: throw TestNetwork.Failure("\(other)")
                }
            }
            return sent
        }
    }
}
