// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici policy who-sees: every kind of institution that may have such a message.

import ArgumentParser
import WiciCore

/// Lists the recipient kinds of a message.
struct PolicyWhoSeesCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "who-sees",
        abstract: "List the kinds of institutions that may have such a message.",
        discussion: """
            Without --from: for every kind of sender.

            Examples:
              wici policy who-sees --from police --type case-alert --marking TLP:AMBER
              wici policy who-sees --type support-request --marking TLP:AMBER+STRICT --sealed
            """
    )

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var labels: CaseOptions
    @OptionGroup var output: OutputOptions

    private struct Row: Encodable {
        let from: String
        let to: String
        let rules: [String]
    }

    func run() throws {
        let policy = try self.policy.load()
        let senders =
            try labels.from.map { [try CaseOptions.kind($0, in: policy, "--from")] }
            ?? Array(policy.words.kinds.indices)
        let date = try labels.date()
        var rows: [Row] = []
        for sender in senders {
            let policyCase = try labels.policyCase(policy, from: sender, to: 0)
            for seen in policy.whoSees(policyCase, on: date) {
                rows.append(
                    Row(
                        from: policy.words.kinds[sender],
                        to: policy.words.kinds[seen.recipient],
                        rules: seen.ruleIDs
                    )
                )
            }
        }
        if output.json { return try Console.write(json: rows) }
        guard !rows.isEmpty else {
            return Console.write(say("Nikt.", "Nobody."))
        }
        var table = TextTable(say("od", "from"), say("do", "to"), say("reguły", "rules"))
        for row in rows { table.add(row.from, row.to, row.rules.joined(separator: " ")) }
        Console.write(table.text)
    }
}
