// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading records: the reader in place and the generated decoder give one meaning.

import Foundation
import SwiftProtobuf
import Testing
import WiciCore
import WiciLedger

struct ViewChangeTests {
    private func record(_ random: inout SeededGenerator) throws -> WireRecord {
        var record = WireRecord()
        record.recordedAt = Int64.random(in: -5...1 << 50, using: &random)
        guard Int.random(in: 0...3, using: &random) > 0 else {
            record.delivered.node = "ngo-a.main"
            record.delivered.through = UInt64.random(in: 0...1 << 20, using: &random)
            return record
        }
        let entry = try acceptedEntry(
            UInt64.random(in: 0...1 << 30, using: &random),
            to: recipients(["ngo-a.main"]),
            references: Bool.random(using: &random) ? [messageID(4)] : []
        )
        record.accepted.header = entry.header
        record.accepted.bodyDigest = entry.bodyDigest.data
        record.accepted.wrapsRoot = entry.wrapsRoot.data
        record.accepted.eligible = UInt64.random(in: 0...300, using: &random)
        record.accepted.audience = UInt64.random(in: 0...1 << 40, using: &random)
        record.accepted.registry = UInt64.random(in: 0...2, using: &random)
        record.accepted.policy = UInt64.random(in: 0...2, using: &random)
        record.accepted.feedTopics = Bool.random(using: &random) ? ["warning/PL-06/", ""] : []
        return record
    }

    @Test(arguments: UInt64(1)...20)
    func `what is read in place means what the decoder says`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<50 {
            let record = try record(&random)
            let bytes: Data = try record.serializedData()
            #expect(try ViewChange(recordBytes: bytes) == ViewChange(record))
        }
    }

    @Test(arguments: UInt64(1)...20)
    func `changed bytes are refused or mean the same to both readers`(seed: UInt64) throws {
        var random = SeededGenerator(seed: seed)
        for _ in 0..<300 {
            var bytes: Data = try record(&random).serializedData()
            switch Int.random(in: 0...3, using: &random) {
            case 0: bytes.removeLast(Int.random(in: 1...bytes.count, using: &random))
            case 1: bytes.append(contentsOf: [0x10, 0x01])
            case 2: bytes.append(bytes)
            default:
                let place = Int.random(in: 0..<bytes.count, using: &random)
                bytes[place] ^= 1 << UInt8.random(in: 0...7, using: &random)
            }
            // Text that is not UTF-8 stops the decoder alone; nothing reads that text in place.
            guard let decoded = try? WireRecord(serializedBytes: bytes),
                let meaning = try? ViewChange(decoded)
            else { continue }
            #expect(try ViewChange(recordBytes: bytes) == meaning)
        }
    }

    @Test func `records with missing or wrong parts are refused by field`() throws {
        func field(_ change: (inout WireRecord) -> Void) -> String? {
            var record = WireRecord()
            change(&record)
            do throws(RecordFault) {
                _ = try ViewChange(record)
                return nil
            } catch {
                return error.field
            }
        }
        #expect(field { _ in } == "event")
        #expect(field { $0.accepted.header = Data([1]) } == "accepted.header")
        #expect(field { $0.delivered.node = "Not A Node" } == "node")
        #expect(field { $0.registryRelease.release = 3 } == "registry_release.digest")
        #expect(field { $0.operation.action = "started" } == nil)
    }
}
