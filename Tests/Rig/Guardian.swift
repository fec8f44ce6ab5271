// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Children must not outlive the program that started them, however that ends.

import Foundation

/// A shell beside the test that kills the children when the test's own process has gone without
/// doing so: its input ends then.
package final class Guardian: Sendable {
    private let process: Process
    private let input: FileHandle

    private static let script = """
        live=' '
        while read -r sign id; do
            case $sign in
            +) live="$live$id " ;;
            -) live="${live%% $id *} ${live#* $id }" ;;
            esac
        done
        for id in $live; do kill -KILL "$id"; done
        """

    package init() throws {
        process = Process()
        process.executableURL = URL(filePath: "/bin/sh")
        process.arguments = ["-c", Self.script]
        let pipe = Pipe()
        process.standardInput = pipe
        input = pipe.fileHandleForWriting
        try process.run()
    }

    deinit { try? input.close() }

    package func watch(_ process: Int32) throws { try write("+ \(process)\n") }

    package func forget(_ process: Int32) throws { try write("- \(process)\n") }

    private func write(_ line: String) throws { try input.write(contentsOf: Data(line.utf8)) }
}
