// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Programs of Tests/Interop, run as processes: they share no code with the library.

import Foundation
import NetworkRig
import Testing
import WiciCore

/// A Python program of Tests/Interop.
final class InteropProgram: Sendable {
    private let process: Process
    private let input: FileHandle
    private let output: FileHandle

    /// Starts a program.
    init(_ path: String, _ arguments: [String] = []) throws {
        process = Process()
        process.executableURL = URL(filePath: "/usr/bin/env")
        let program = repositoryRoot.appending(path: "Tests/Interop").appending(path: path)
        process.arguments = ["python3", program.path] + arguments
        var environment = ProcessInfo.processInfo.environment
        environment["PYTHONDONTWRITEBYTECODE"] = "1"
        process.environment = environment
        let (toProgram, fromProgram) = (Pipe(), Pipe())
        process.standardInput = toProgram
        process.standardOutput = fromProgram
        input = toProgram.fileHandleForWriting
        output = fromProgram.fileHandleForReading
        try process.run()
    }

    deinit {
        if process.isRunning { process.terminate() }
    }

    /// Closes the program's input and waits for its end: status and what it printed.
    func finish() async throws -> (status: Int32, output: Data) {
        try input.close()
        return try await withTaskCancellationHandler {
            try await onThread { [process, output] in
                let printed = try output.readToEnd() ?? Data()
                process.waitUntilExit()
                return (process.terminationStatus, printed)
            }
        } onCancel: {
            process.terminate()
        }
    }

    /// Writes one line of JSON and reads the line that answers it.
    func ask(_ line: String) async throws -> PlainValue {
        try await withTaskCancellationHandler {
            try await onThread { [input, output] in
                let text = line.replacing("\n", with: " ") + "\n"
                try input.write(contentsOf: Data(text.utf8))
                var answer = Data()
                while answer.last != UInt8(ascii: "\n") {
                    guard let more = try output.read(upToCount: 1), !more.isEmpty else {
                        throw TestNetwork.Failure("the program ended")
                    }
                    answer.append(more)
                }
                return try PlainValue(json: answer)
            }
        } onCancel: {
            process.terminate()
        }
    }
}

extension PlainValue {
    /// Items of an array; none for anything else.
    var items: [PlainValue] {
        guard case .array(let items) = self else { return [] }
        return items
    }

    /// The text of a string.
    var word: String? {
        guard case .string(let text) = self else { return nil }
        return text
    }

    var isTrue: Bool { self == .boolean(true) }
}
