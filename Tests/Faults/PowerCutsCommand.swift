// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Power cuts at random writes and syncs of the real stores, on a disk that forgets what was not synced
// (Tests/FaultDisk), and syncs that fail before: the program starts again on a machine that shows it
// what is not on disk. The planted bug is a disk that only says that it has synced.

import ArgumentParser
import FaultDisk
import Foundation
import NetworkRig
import WiciCore
import WiciNode

struct PowerCutsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "power-cuts",
        abstract: "Cuts the power of a disk under the real stores at random moments."
    )

    @Option(help: "How many cuts.") var cuts = 1_000
    @OptionGroup var options: RunOptions

    /// Cuts that one disk lives through before an empty one takes its place.
    private static let cutsPerDisk = 20
    /// A cut comes at the latest after so many writes and syncs; opening alone takes some fifteen.
    private static let mostOperations = 300
    /// Of so many things that a store does, the next sync of one fails.
    private static let actsPerFailedSync = 20

    func run() async throws {
        var run = Run("power-cuts", options)
        try await run.finish(replay: "--cuts \(cuts)") {
            guard fault_disk_register() == 0 else { throw Violation("no fault disk") }
            var generator = SeededGenerator(seed: options.seed)
            var tally = Tally()
            while tally.cuts < cuts {
                let disk = try CutDisk(seed: generator.next(), isLying: options.prove)
                let count = min(Self.cutsPerDisk, cuts - tally.cuts)
                // Every third disk is a node's.
                if tally.disks % 3 == 2 {
                    let key = StorageKey()
                    var book = NodeBook(path: disk.path("node.sqlite"), key: key)
                    try cut(count, &book, disk, &generator, &tally, &run)
                    tally.rows += book.acknowledged
                } else {
                    let signer = try NoteSigner(name: "ledger.example/cuts", key: SigningKey())
                    var book = LedgerBook(path: disk.path("ledger.sqlite"), signer: signer)
                    try cut(count, &book, disk, &generator, &tally, &run)
                    tally.messages += book.acknowledged
                }
                tally.add(disk.counters)
            }
            return tally.result(in: run.seconds)
        }
    }

    private func cut(
        _ count: Int,
        _ book: inout some FaultyStore,
        _ disk: CutDisk,
        _ generator: inout SeededGenerator,
        _ tally: inout Tally,
        _ run: inout Run
    ) throws {
        let last = tally.cuts + count
        while tally.cuts < last {
            disk.stop(after: Int.random(in: 0...Self.mostOperations, using: &generator))
            let failedBefore = disk.counters.failed_syncs
            do {
                try book.open()
                while true {
                    if Int.random(in: 0..<Self.actsPerFailedSync, using: &generator) == 0 {
                        disk.failSync()
                    }
                    try book.act(&generator)
                }
            } catch let violation as Violation {
                throw Violation("cut \(tally.cuts): \(violation)")
            } catch {
                guard disk.isStopped || disk.counters.failed_syncs > failedBefore else {
                    throw Violation("cut \(tally.cuts): \(error)")
                }
            }
            // After a failed sync the program is killed, or closes its store in order.
            let isKilled = !disk.isStopped && Bool.random(using: &generator)
            if isKilled { disk.stop() }
            book.close()
            if disk.isStopped, !isKilled {
                disk.restart(&generator)
                tally.cuts += 1
            } else {
                disk.goOn()
            }
            run.progress("\(tally.cuts) cuts, \(tally.messages + book.acknowledged) acknowledged")
        }
        do {
            try book.open()
        } catch {
            throw Violation("after cut \(tally.cuts): \(error)")
        }
        book.close()
        tally.disks += 1
    }

    private struct Tally {
        var cuts = 0
        var disks = 0
        var messages = 0
        var rows = 0
        var lost: UInt64 = 0
        var torn: UInt64 = 0
        var failedSyncs: UInt64 = 0

        mutating func add(_ counters: fault_disk_counters) {
            lost += counters.lost
            torn += counters.torn
            failedSyncs += counters.failed_syncs
        }

        func result(in seconds: Double) -> Result {
            var result = Result()
            result.add("cuts", cuts)
            result.add("messages", messages)
            result.add("node-rows", rows)
            result.add("lost-writes", lost)
            result.add("torn-writes", torn)
            result.add("failed-syncs", failedSyncs)
            result.add("cuts-per-second", Double(cuts) / seconds)
            return result
        }
    }
}

/// A disk whose power is cut.
private final class CutDisk {
    private let folder: ScratchFolder
    private let handle: OpaquePointer

    init(seed: UInt64, isLying: Bool) throws {
        folder = try ScratchFolder("cuts")
        guard let handle = fault_disk_make(folder.path, seed) else { throw Violation("no memory") }
        self.handle = handle
        fault_disk_ignore_syncs(handle, isLying ? 1 : 0)
    }

    deinit { fault_disk_free(handle) }

    func path(_ name: String) -> String { folder.url.appending(path: name).path }
    var isStopped: Bool { fault_disk_is_stopped(handle) != 0 }
    var counters: fault_disk_counters { fault_disk_count(handle) }
    func stop(after operations: Int) { fault_disk_stop_after(handle, UInt64(operations)) }
    func stop() { fault_disk_stop(handle) }
    func failSync() { fault_disk_fail_syncs(handle, 1) }

    /// The program starts again on a machine that went on.
    func goOn() { fault_disk_restart(handle, FAULT_DISK_KEEP) }

    /// The power comes back; each unsynced write is lost, kept or torn.
    func restart(_ generator: inout SeededGenerator) {
        let fates = [FAULT_DISK_LOSE, FAULT_DISK_MIX, FAULT_DISK_TEAR]
        fault_disk_restart(handle, fates[Int.random(in: 0..<fates.count, using: &generator)])
    }
}
