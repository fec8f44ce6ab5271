// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry teams: the voivodeship teams, since when, and who belongs to them.

import ArgumentParser
import WiciCore

/// Lists the voivodeship teams.
struct RegistryTeamsCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "teams",
        abstract: "List the voivodeship teams, since when they exist, and their members.",
        discussion: """
            An asterisk marks a date that sources dispute.

            Example:
              wici registry teams registry.note --json
            """
    )

    @Argument(help: "A draft or a signed note (default: WICI_REGISTRY, else ./registry.note).")
    var file: String?

    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let id: String
        let region: String
        let pl: String
        let en: String
        let since: String?
        let precision: String?
        let disputed: Bool
        let members: [String]
    }

    func run() throws {
        let contents = try RegistryFile.contents(file)
        let rows = contents.teams.map { team in
            Row(
                id: team.id.text,
                region: team.region.text,
                pl: team.name.polish,
                en: team.name.english,
                since: team.since?.text,
                precision: team.since?.precision.rawValue,
                disputed: team.isDisputed,
                members: contents.institutions.filter { $0.teams.contains(team.id) }
                    .map(\.id.text)
            )
        }
        if output.json { return try Console.write(json: rows) }
        var table = TextTable(
            say("zespół", "team"),
            say("region", "region"),
            say("od", "since"),
            say("członkowie", "members"),
            say("nazwa", "name")
        )
        for row in rows {
            table.add(
                row.id,
                row.region,
                (row.since ?? "?") + (row.disputed ? "*" : ""),
                String(row.members.count),
                say(row.pl, row.en)
            )
        }
        Console.write(table.text)
    }
}
