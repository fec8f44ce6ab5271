// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Replays the corpus of every fuzz target through the same checks that libFuzzer drives, so that an
// input which once broke a promise is tried in every test run, by an ordinary toolchain.

import Foundation
import FuzzTargets
import Testing

/// One file of the corpus.
struct CorpusFile: Sendable, CustomTestStringConvertible {
    let target: FuzzTarget
    let url: URL
    var testDescription: String { "\(target.name)/\(url.lastPathComponent)" }

    static let folder = Repository.root.appending(path: "Tests/Fuzz/corpus")

    static func files(of target: FuzzTarget) -> [CorpusFile] {
        let folder = folder.appending(path: target.name)
        let names = try? FileManager.default.contentsOfDirectory(atPath: folder.path)
        return (names ?? []).sorted().map {
            CorpusFile(target: target, url: folder.appending(path: $0))
        }
    }
}

/// One after another: the processor time of each is measured.
@Suite(.serialized)
struct CorpusTests {
    /// An unoptimised build is some ten times slower than the one that the limit is meant for.
    static let slowdown = 10.0

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `every input of the corpus keeps its promises, in time`(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let files = CorpusFile.files(of: target)
        #expect(!files.isEmpty, "\(name) has no corpus")
        // Tables that are made on first use are not the input's fault.
        for seed in try Seeds.of(target) { try target.check(seed) }
        for file in files {
            let input = try Data(contentsOf: file.url)
            do {
                let cost = try InputCost.of { try target.check(input) }
                let most = InputCost.mostMilliseconds * Self.slowdown
                #expect(cost.milliseconds <= most, "\(file.testDescription) took \(cost)")
                #expect(cost.memory <= InputCost.mostMemory, "\(file.testDescription) took \(cost)")
            } catch {
                Issue.record("\(file.testDescription): \(error)")
            }
        }
    }

    @Test
    func `every folder of the corpus belongs to a target and stays small`() throws {
        let names = try FileManager.default.contentsOfDirectory(atPath: CorpusFile.folder.path)
        #expect(Set(names) == Set(FuzzTarget.all.map(\.name)))
        for target in FuzzTarget.all {
            let files = CorpusFile.files(of: target)
            let bytes = try files.reduce(0) { try $0 + Data(contentsOf: $1.url).count }
            #expect(files.count <= 60, "\(target.name) has \(files.count) files")
            #expect(bytes <= 200 << 10, "\(target.name) has \(bytes) bytes")
        }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `every target has seeds of its own and takes them`(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        let seeds = try Seeds.of(target)
        #expect(!seeds.isEmpty)
        for seed in seeds {
            #expect(seed.count <= target.longestInput)
            try target.check(seed)
        }
    }

    @Test(arguments: FuzzTarget.all.map(\.name))
    func `no target trips over bytes cut from its own corpus`(name: String) throws {
        let target = try #require(FuzzTarget.named(name))
        for file in CorpusFile.files(of: target).prefix(4) {
            let input = try Data(contentsOf: file.url)
            for end in stride(from: 0, to: input.count, by: max(1, input.count / 16)) {
                try target.check(input.prefix(end))
                try target.check(Data(input.dropFirst(end)))
            }
        }
    }
}
