// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One random bit of a hub's or a node's files is flipped, then everything in them is opened and
// served. Either somebody says where the damage is, or what is served is what was there before. The
// planted bug is a reader who takes a damaged store's answers without looking.

import ArgumentParser
import Foundation
import NetworkRig
import WiciCore

struct BitFlipsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bit-flips",
        abstract: "Flips one bit of a store at a time and serves everything in it."
    )

    @Option(help: "How many flips.") var flips = 5_000
    @Option(help: "The number of the first flip.") var first = 0
    @OptionGroup var options: RunOptions

    func run() async throws {
        var run = Run("bit-flips", options)
        try await run.finish(replay: "--flips 1 --first FLIP") {
            let scratch = try ScratchFolder("flips")
            var tally = Tally()
            // The content has random keys and ids of its own; flips are a function of the seed.
            var content = SeededGenerator(seed: options.seed)
            let stores: [any FlippableStore] = [
                try FlippableHub(in: scratch.url.appending(path: "a"), &content),
                try FlippableNode(in: scratch.url.appending(path: "b"), &content),
            ]
            let copies = try stores.map { try PristineFiles(of: $0.folder) }
            let served = try zip(stores, copies).map { store, files in
                defer { files.restore() }
                return try store.serve().get()
            }
            for flip in first..<first + flips {
                var generator = SeededGenerator(seed: options.seed &+ UInt64(flip) &* 0x9E37_79B9)
                // Two of three in the hub's files, which are several times as large.
                let place = Int.random(in: 0..<3, using: &generator) / 2
                let bit = copies[place].randomBit(&generator)
                copies[place].flip(bit)
                defer { copies[place].restore() }
                do {
                    try tally.judge(
                        stores[place].serve(isBlind: options.prove),
                        against: served[place]
                    )
                } catch {
                    throw Violation("flip \(flip), \(copies[place].name(of: bit)): \(error)")
                }
                run.progress("\(flip + 1 - first) flips, \(tally.detected) detected")
            }
            return tally.result(stores: copies, in: run.seconds)
        }
    }

    private struct Tally {
        var detected = 0
        var harmless = 0
        var codes: [String: Int] = [:]

        /// Damage is told with its place, and what was served before that is right.
        mutating func judge(_ outcome: Served, against expected: Served) throws {
            for (name, digest) in outcome.answers where expected.answers[name] != digest {
                throw Violation("wrong: \(name)")
            }
            guard let damage = outcome.damage else {
                guard outcome.answers.count == expected.answers.count else {
                    throw Violation(
                        "\(expected.answers.count - outcome.answers.count) answers are missing"
                    )
                }
                harmless += 1
                return
            }
            guard damage.namesPlace else { throw Violation("no place: \(damage.text)") }
            detected += 1
            codes[damage.code, default: 0] += 1
        }

        func result(stores: [PristineFiles], in seconds: Double) -> Result {
            var result = Result()
            result.add("flips", detected + harmless)
            result.add("detected", detected)
            result.add("harmless", harmless)
            for (code, count) in codes.sorted(by: { $0.key < $1.key }) { result.add(code, count) }
            result.add("bytes", stores.reduce(0) { $0 + $1.bytes })
            result.add("flips-per-second", Double(detected + harmless) / seconds)
            return result
        }
    }
}
