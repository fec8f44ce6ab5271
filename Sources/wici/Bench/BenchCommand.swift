// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici bench: measurements of a hub, alone or beside other brokers, all guarantees on.

import ArgumentParser

/// Measures.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measure a hub on this machine, all guarantees on.",
        discussion: """
            Meaningful only in a release build on a quiet machine.

            Examples:
              wici bench --quick
              wici bench race --help
            """,
        subcommands: [RaceCommand.self, BenchFillCommand.self],
        defaultSubcommand: RaceCommand.self
    )
}
