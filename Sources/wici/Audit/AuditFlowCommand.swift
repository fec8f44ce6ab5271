// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici audit flow: who told whom how much, by type.

import ArgumentParser
import WiciCore
import WiciLedger

/// Counts messages by sender, recipient and type.
struct AuditFlowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "flow",
        abstract: "Count who told whom what: sender, recipient, type.",
        discussion: """
            An export is verified first, as by wici audit verify: an altered one ends with 8 and \
            shows nothing.

            Examples:
              wici audit flow --ledger hub
              wici audit flow --ledger export --key registry.note --json
            """
    )

    @OptionGroup var ledger: LedgerOptions
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let sender: String
        let recipient: String
        let type: String
        let count: Int
    }

    func run() throws {
        var flow = AuditFlow()
        try ledger.source().forEachEntry { entry throws(LedgerError) in flow.add(entry) }
        let rows = flow.rows.map {
            Row(sender: $0.sender, recipient: $0.recipient.text, type: $0.type, count: $0.count)
        }
        if output.json { return try Console.write(json: rows) }
        var table = TextTable(
            say("od", "from"),
            say("do", "to"),
            say("rodzaj", "type"),
            say("ile", "count")
        )
        for row in rows { table.add(row.sender, row.recipient, row.type, "\(row.count)") }
        Console.write(table.text)
    }
}
