// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Simulated disks: the fault disk of Tests/FaultDisk with Swift's types.

import FaultDisk

/// A disk of one machine.
final class Disk {
    typealias Fate = fault_disk_fate
    /// Folder of its files.
    let folder: String
    private let handle: OpaquePointer

    /// Makes an empty disk; nil without memory.
    init?(folder: String, seed: UInt64) {
        guard let handle = fault_disk_make(folder, seed) else { return nil }
        self.folder = folder
        self.handle = handle
    }

    deinit { fault_disk_free(handle) }

    /// Makes SQLite use these disks and nothing else; false when it refuses.
    static func register() -> Bool { fault_disk_register() == 0 }

    /// Starts SQLite's own randomness anew, so that a run does not depend on the one before.
    static func resetRandomness() { fault_disk_reset_randomness() }

    func copyFiles(to other: Disk) { _ = fault_disk_copy(handle, other.handle) }
    func stop(after operations: Int) { fault_disk_stop_after(handle, UInt64(operations)) }
    func stop() { fault_disk_stop(handle) }
    var isStopped: Bool { fault_disk_is_stopped(handle) != 0 }
    func restart(_ fate: Fate) { fault_disk_restart(handle, fate) }
    func setRoom(_ bytes: Int64?) { fault_disk_set_room(handle, bytes ?? -1) }
    func failSyncs(_ count: Int) { fault_disk_fail_syncs(handle, UInt64(count)) }
    func ignoreSyncs() { fault_disk_ignore_syncs(handle, 1) }
    func flip() -> Bool { fault_disk_flip(handle) != 0 }
    func flip(in bytes: [UInt8]) -> Bool {
        fault_disk_flip_bytes(handle, bytes, Int64(bytes.count)) != 0
    }
    func repair() -> Int { Int(fault_disk_repair(handle)) }
    var counters: fault_disk_counters { fault_disk_count(handle) }
}
