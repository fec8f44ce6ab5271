// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Where libFuzzer calls. The target is named by the environment variable WICI_FUZZ_TARGET, so that
// one program serves all of them. An input that takes too long or too much memory is a finding as
// well as one that breaks a property. WICI_FUZZ_SEEDS names a folder that the seeds are written to.

import Foundation
import Glibc
import Synchronization

/// Takes one input from libFuzzer.
@_cdecl("LLVMFuzzerTestOneInput")
public func fuzzOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    FuzzRun.shared.take(Data(UnsafeBufferPointer(start: start, count: count)))
    return 0
}

/// A run of libFuzzer over one target.
private final class FuzzRun: Sendable {
    static let shared = FuzzRun()

    private let target: FuzzTarget
    private let costliest = Mutex(InputCost())

    private init() {
        let name = ProcessInfo.processInfo.environment["WICI_FUZZ_TARGET"] ?? ""
        guard let target = FuzzTarget.named(name) else {
            let names = FuzzTarget.all.map(\.name).joined(separator: " ")
            fatalError("WICI_FUZZ_TARGET is none of: \(names)")
        }
        self.target = target
        // Fixtures and tables are made once; no input shall pay for them.
        for seed in (try? Seeds.of(target)) ?? [] { try? target.check(seed) }
        if let folder = ProcessInfo.processInfo.environment["WICI_FUZZ_SEEDS"] {
            Self.writeSeeds(of: target, to: URL(filePath: folder))
        }
        atexit { FuzzRun.shared.report() }
    }

    func take(_ input: Data) {
        var cost = InputCost()
        // A slow input is slow every time; a busy machine is not.
        for _ in 0..<3 {
            let once = InputCost.of {
                do {
                    try target.check(input)
                } catch {
                    fatalError("\(target.name): \(error)")
                }
            }
            cost = cost.milliseconds == 0 ? once : cost.least(once)
            if cost.isWithinLimits { break }
        }
        guard cost.isWithinLimits else { fatalError("\(target.name): an input cost \(cost)") }
        costliest.withLock { $0 = $0.most(cost) }
    }

    private static func writeSeeds(of target: FuzzTarget, to folder: URL) {
        do {
            for (place, seed) in try Seeds.of(target).enumerated() {
                try seed.write(to: folder.appending(path: "seed-\(place)"))
            }
        } catch {
            fatalError("\(target.name) has no seeds: \(error)")
        }
    }

    private func report() {
        let cost = costliest.withLock { $0 }
        FileHandle.standardError.write(Data("costliest input: \(cost)\n".utf8))
    }
}

/// What one input cost.
package struct InputCost: Sendable, CustomStringConvertible {
    /// Processor time of the thread, in milliseconds.
    package private(set) var milliseconds = 0.0
    /// Growth of the process's largest resident size, in bytes.
    package private(set) var memory = 0

    /// The most that an input may take, in milliseconds of an optimised build.
    package static let mostMilliseconds = 100.0
    /// The most that an input may make the process grow, in bytes.
    package static let mostMemory = 64 << 20

    /// Measures a piece of work.
    package static func of<Failure: Error>(
        _ work: () throws(Failure) -> Void
    ) throws(Failure) -> InputCost {
        let (time, size) = (threadTime(), largestSize())
        try work()
        var cost = InputCost()
        cost.milliseconds = threadTime() - time
        cost.memory = largestSize() - size
        return cost
    }

    var isWithinLimits: Bool {
        milliseconds <= Self.mostMilliseconds && memory <= Self.mostMemory
    }

    func least(_ other: InputCost) -> InputCost {
        var cost = self
        cost.milliseconds = min(milliseconds, other.milliseconds)
        return cost
    }

    func most(_ other: InputCost) -> InputCost {
        var cost = self
        cost.milliseconds = max(milliseconds, other.milliseconds)
        cost.memory = max(memory, other.memory)
        return cost
    }

    /// Time and memory, for a person.
    package var description: String {
        let tenths = Int(milliseconds * 10)
        return "\(tenths / 10).\(tenths % 10) ms, \(memory >> 20) MiB"
    }

    private static func threadTime() -> Double {
        var time = timespec()
        clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) * 1_000 + Double(time.tv_nsec) / 1_000_000
    }

    private static func largestSize() -> Int {
        var usage = rusage()
        getrusage(__rusage_who_t(RUSAGE_SELF.rawValue), &usage)
        return usage.ru_maxrss * 1_024
    }
}
