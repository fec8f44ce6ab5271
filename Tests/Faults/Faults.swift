// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Real programs on disks, files, processes and networks that fail. Each command has one kind of fault,
// a seed, and a promise; it ends with one line, and with a failure when the promise was broken.
//
// Reading order: Stores/ says what must be in a ledger and in a node's store after a fault; each other
// file is a command.

import ArgumentParser
import Foundation

@main
struct Faults: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "faults",
        abstract: "Breaks disks, files, processes and networks under Wici and checks what is left.",
        subcommands: [
            PowerCutsCommand.self, SyscallsCommand.self, DaemonCallsCommand.self,
            BitFlipsCommand.self, KillsCommand.self, HostsApartCommand.self,
        ]
    )
}

/// What every command takes.
struct RunOptions: ParsableArguments {
    @Option(help: "The seed; another one each time when left out.")
    var seed = UInt64.random(in: 1...UInt64(UInt32.max))
    @Flag(help: "Prints the result as JSON.") var json = false
    @Flag(help: "Plants a bug, and fails unless it is found.") var prove = false
}

/// A promise that was broken.
struct Violation: Error, CustomStringConvertible {
    let description: String
    init(_ description: String) { self.description = description }
}

/// Counts by name, in the order in which they are told.
struct Result {
    private(set) var figures: [(name: String, value: Double)] = []

    mutating func add(_ name: String, _ value: some BinaryInteger) {
        figures.append((name, Double(value)))
    }

    /// Rounded to a hundredth.
    mutating func add(_ name: String, _ value: Double) {
        figures.append((name, (value * 100).rounded() / 100))
    }
}

/// One run of a command: its clock, its progress line and its end.
struct Run {
    private let command: String
    private let options: RunOptions
    private let start = ContinuousClock().now
    private var lastProgress = ContinuousClock().now

    init(_ command: String, _ options: RunOptions) {
        self.command = command
        self.options = options
    }

    var seconds: Double { (ContinuousClock().now - start) / .seconds(1) }

    /// Shows how far the run is: twice a second on a terminal, every ten seconds elsewhere.
    mutating func progress(_ text: @autoclosure () -> String) {
        let now = ContinuousClock().now
        let isTerminal = isatty(STDERR_FILENO) == 1
        guard now - lastProgress > .milliseconds(isTerminal ? 500 : 10_000) else { return }
        lastProgress = now
        let line = isTerminal ? "\r\u{1B}[K\(text())" : "\(text())\n"
        FileHandle.standardError.write(Data(line.utf8))
    }

    /// Says something that is no part of the result.
    func remark(_ text: String) {
        FileHandle.standardError.write(Data("\(command): \(text)\n".utf8))
    }

    /// Runs a body to its end and tells its result, or what it found and how to see it again.
    ///
    /// With a planted bug it is the other way round: what is found is the success.
    func finish(replay: String, _ body: () async throws -> Result) async throws {
        do {
            let result = try await body()
            guard !options.prove else {
                print("\(command): the planted bug was NOT found")
                throw ExitCode(1)
            }
            tell(result)
        } catch let violation as Violation {
            guard !options.prove else {
                return print("\(command): the planted bug was found: \(violation)")
            }
            print("\(command): BROKEN: \(violation)")
            print("replay: swift run faults \(command) --seed \(options.seed) \(replay)")
            throw ExitCode(1)
        }
    }

    private func tell(_ result: Result) {
        let figures = result.figures + [("seconds", (seconds * 10).rounded() / 10)]
        func text(_ value: Double) -> String {
            value == value.rounded() ? String(Int(value)) : String(value)
        }
        if options.json {
            let fields = figures.map { "\"\($0.name)\":\(text($0.value))" }
            let head = "\"command\":\"\(command)\",\"seed\":\(options.seed)"
            print("{\(([head] + fields).joined(separator: ","))}")
        } else {
            let parts = figures.map { "\($0.name) \(text($0.value))" }
            let list = parts.joined(separator: ", ")
            print("\(command): every promise held: \(list), seed \(options.seed)")
        }
    }
}

/// A folder that is removed when the last reference to it goes.
final class ScratchFolder {
    let url: URL
    var path: String { url.path }

    init(_ name: String) throws {
        url = FileManager.default.temporaryDirectory.resolvingSymlinksInPath()
            .appending(path: "wici-faults-\(name)-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }
}
