// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Every open, write, sync, rename, truncation and removal of what hub and node do with their files,
// made to fail once, one after the other (Tests/FaultCalls). A failure must be told, must lose nothing
// that was acknowledged, and must not keep the next start from working. The planted bug is a sync whose
// failure nobody hears of.

import ArgumentParser
import FaultCalls
import Foundation
import NetworkRig

struct SyscallsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "syscalls",
        abstract: "Makes each call on a file fail once, of submit, checkpoint, reload and a node."
    )

    @Option(help: "The only part: \(SyscallPart.allCases.map(\.rawValue).joined(separator: ", ")).")
    var only: SyscallPart?
    @Option(help: "Of this many calls one fails; which, the seed says.") var stride: UInt64 = 1
    @OptionGroup var options: RunOptions

    func run() async throws {
        var run = Run("syscalls", options)
        let part = only.map { "--only \($0.rawValue)" } ?? ""
        try await run.finish(replay: "\(part) --stride \(stride)") {
            var result = Result()
            var tally = Tally()
            for part in only.map({ [$0] }) ?? SyscallPart.allCases {
                let before = tally.failed
                for kind in CallKind.all {
                    for error in kind.errors {
                        try await fail(part, kind, error, &tally, &run)
                    }
                }
                result.add(part.rawValue, tally.failed - before)
            }
            result.add("told", tally.told)
            result.add("survived", tally.failed - tally.told)
            return result
        }
    }

    private struct Tally {
        var failed = 0
        /// Failures after which somebody heard an error.
        var told = 0
    }

    /// Lets the first call of a kind fail, then the second, until a run has none left.
    private func fail(
        _ part: SyscallPart,
        _ kind: CallKind,
        _ error: CallError,
        _ tally: inout Tally,
        _ run: inout Run
    ) async throws {
        let calls = fault_calls_own()
        let first = options.seed % max(1, stride)
        for place in Swift.stride(from: first, to: 10_000, by: max(1, Int(stride))) {
            let folder = try ScratchFolder("calls")
            let scene = try await part.scene(in: folder, seed: options.seed, isDeaf: options.prove)
            fault_calls_watch(calls, folder.path)
            fault_calls_fail(calls, kind.kind, place, error.number)
            var heard: (any Error)?
            do {
                try await scene.play()
            } catch {
                heard = error
            }
            let hasFailed = fault_calls_relent(calls) != 0
            let call = String(cString: fault_calls_last(calls))
            let context = "\(part.rawValue): \(kind.name) \(place) (\(call)) with \(error.name)"
            if let violation = heard as? Violation { throw Violation("\(context): \(violation)") }
            if let heard, !hasFailed { throw Violation("\(context): failed by itself: \(heard)") }
            do {
                try await scene.playAgain()
            } catch {
                throw Violation("\(context), heard \(heard.map { "\($0)" } ?? "nothing"): \(error)")
            }
            fault_calls_watch(calls, "")
            guard hasFailed else { return }
            tally.failed += 1
            if heard != nil { tally.told += 1 }
            run.progress("\(tally.failed) calls failed, now \(context)")
        }
    }
}
