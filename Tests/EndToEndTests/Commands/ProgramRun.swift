// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One run of the program as a person or a script starts it: words in; exit status, standard output
// and standard error out.

import Foundation
import Glibc
import NetworkRig
import Testing
import WiciCore

/// What a run of the program left behind.
struct ProgramRun: Sendable {
    /// The words that it was given, for the report of a failure.
    let words: [String]
    let status: Int32
    let output: String
    let remarks: String

    /// Runs the program to its end.
    ///
    /// - Parameters:
    ///   - folder: Where what it says is kept while it runs; also its working folder.
    ///   - input: Its standard input.
    ///   - program: Another program than `wici`, for example a shell that runs it.
    static func run(
        _ words: [String],
        in folder: URL,
        input: Data? = nil,
        environment: [String: String] = [:],
        program: URL? = nil
    ) async throws -> ProgramRun {
        let scratch = folder.appending(path: "run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        func file(_ name: String, _ bytes: Data = Data()) throws -> URL {
            let file = scratch.appending(path: name)
            try bytes.write(to: file)
            return file
        }
        let (output, remarks) = (try file("output"), try file("remarks"))
        let process = Process()
        process.executableURL = try program ?? ProcessNetwork.builtProgram()
        process.arguments = words
        process.currentDirectoryURL = folder
        process.environment = clean.merging(environment) { $1 }
        process.standardInput =
            try input.map {
                try FileHandle(forReadingFrom: try file("input", $0))
            } ?? FileHandle.nullDevice
        process.standardOutput = try FileHandle(forWritingTo: output)
        process.standardError = try FileHandle(forWritingTo: remarks)
        try process.run()
        try await onThread { process.waitUntilExit() }
        return ProgramRun(
            words: words,
            status: process.terminationStatus,
            output: try String(contentsOf: output, encoding: .utf8),
            remarks: try String(contentsOf: remarks, encoding: .utf8)
        )
    }

    /// The environment without what would change how the program speaks or what it takes.
    static var clean: [String: String] {
        let own = ProcessInfo.processInfo.environment.filter { name, _ in
            !name.hasPrefix("WICI_") && !name.hasPrefix("LC_") && name != "LANG"
        }
        return own.merging(["WICI_LANG": "en"]) { $1 }
    }

    /// Standard output, which is one JSON document and nothing else.
    func json() throws -> PlainValue {
        do {
            return try PlainValue(json: Data(output.utf8))
        } catch {
            throw TestNetwork.Failure("no JSON from \(self)")
        }
    }

    /// Standard error, which is the error as one JSON document and nothing else.
    func refusal() throws -> PlainValue {
        do {
            return try PlainValue(json: Data(remarks.utf8))
        } catch {
            throw TestNetwork.Failure("no JSON error from \(self)")
        }
    }
}

extension ProgramRun: CustomStringConvertible {
    /// The command, its status and the last that it said.
    var description: String {
        "wici \(words.joined(separator: " ")) ended with \(status): \(output.suffix(1_000))"
            + " | \(remarks.suffix(1_000))"
    }
}

extension PlainValue {
    /// The digits of a number, as a number.
    var whole: Int? {
        guard case .number(let digits) = self else { return nil }
        return Int(digits)
    }

    /// The value of a number.
    var real: Double? {
        guard case .number(let digits) = self else { return nil }
        return Double(digits)
    }

    /// The texts of an array of strings.
    var words: [String] { items.compactMap(\.word) }

    /// What the items of an array have under a name, as texts.
    func column(_ name: String) -> [String] { items.compactMap { $0[name]?.word } }
}
