// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The shape of the command line: which commands there are, that each explains itself, and how the
// program ends.

import ArgumentParser
import Testing
import WiciCore

@testable import wici

struct CommandTreeTests {
    /// Every command that does something, with its words.
    static func leaves(
        of command: any ParsableCommand.Type = Wici.self,
        words: [String] = []
    ) -> [(words: [String], command: any ParsableCommand.Type)] {
        let children = command.configuration.subcommands
        guard !children.isEmpty else { return [(words, command)] }
        return children.flatMap { child in
            leaves(of: child, words: words + [child._commandName])
        }
    }

    @Test
    func `every command that was promised is there`() {
        let promised = [
            "hub init", "hub run", "hub reload", "hub status", "node init", "node run",
            "node status", "node rotate", "registry key", "registry init", "registry add",
            "registry revoke", "registry rotate", "registry sign",
            "registry verify", "registry show", "registry teams", "policy check",
            "policy explain", "policy who-sees", "policy sign", "schema list", "schema show",
            "schema json-schema", "message new", "message check", "message send", "message show",
            "inbox", "acknowledge", "reply", "subscribe", "subscriptions", "audit verify",
            "audit trail", "audit flow", "audit proof", "audit checkpoint", "audit export", "demo",
            "bench race", "bench fill", "doctor",
        ]
        let found = Set(Self.leaves().map { $0.words.joined(separator: " ") })
        #expect(found.isSuperset(of: promised))
    }

    @Test
    func `every command says what it does and gives an example`() {
        for (words, command) in Self.leaves() {
            #expect(!command.configuration.abstract.isEmpty, "\(words)")
            #expect(command.configuration.discussion.contains("Example"), "\(words)")
            #expect(command.configuration.discussion.contains("wici \(words[0])"), "\(words)")
        }
    }

    @Test
    func `every command prints JSON on request`() {
        for (words, command) in Self.leaves() {
            #expect(command.helpMessage().contains("--json"), "\(words)")
        }
    }

    @Test
    func `the help page documents every exit code`() {
        for status in wici.ExitStatus.allCases {
            #expect(wici.ExitStatus.table.contains("\(status.rawValue) "), "\(status)")
        }
    }

    @Test(arguments: [
        (RefusalCode.notGranted, wici.ExitStatus.refused), (.forbidden, .refused),
        (.markingAboveCeiling, .refused), (.notAnAuditor, .refused),
        (.unknownKey, .authentication), (.revoked, .authentication),
        (.noteSignaturesMissing, .authentication), (.messageUnknown, .notFound),
        (.ledgerRootWrong, .integrity), (.auditMailboxWrong, .integrity),
        (.ledgerDiskFull, .failed), (.schemaFault, .failed),
    ])
    func `a code of the list ends the program with its documented status`(
        code: RefusalCode,
        status: wici.ExitStatus
    ) {
        #expect(wici.ExitStatus(code) == status)
    }

    @Test
    func `columns of a table line up and nothing trails`() {
        var table = TextTable("a", "long title", "end")
        table.add("longer", "x", "1")
        table.add("b", "yy", "22")
        let lines = table.text.split(separator: "\n")
        #expect(lines.suffix(2) == ["longer  x           1", "b       yy          22"])
        #expect(lines.allSatisfy { !$0.hasSuffix(" ") })
    }
}
