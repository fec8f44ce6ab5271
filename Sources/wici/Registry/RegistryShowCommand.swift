// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry show: the members and their nodes.

import ArgumentParser
import WiciCore

/// Shows a registry.
struct RegistryShowCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "show",
        abstract: "Show the institutions and their nodes.",
        discussion: """
            Examples:
              wici registry show registry.note
              wici registry show registry-2.yaml --json
            """
    )

    @Argument(help: "A draft or a signed note (default: WICI_REGISTRY, else ./registry.note).")
    var file: String?

    @OptionGroup var output: OutputOptions

    private struct Member: Encodable {
        let id: String
        let kind: String
        let pl: String
        let en: String
        let regions: [String]
        let teams: [String]
        let roles: [String]
        let auditor: Bool
        let nodes: [Node]
    }

    private struct Node: Encodable {
        let id: String
        let state: String
        let exchangeKey: String
        let signingKey: String
        let sealingKey: String
    }

    func run() throws {
        let contents = try RegistryFile.contents(file)
        let today = CivilDate.today()
        let members = contents.institutions.map { institution in
            Member(
                id: institution.id.text,
                kind: institution.kind.text,
                pl: institution.name.polish,
                en: institution.name.english,
                regions: institution.regions.map(\.text),
                teams: institution.teams.map(\.text),
                roles: institution.roles,
                auditor: institution.isAuditor,
                nodes: contents.nodes.filter { $0.institution == institution.id }.map {
                    Node(
                        id: $0.id.text,
                        state: Self.state(of: $0, on: today),
                        exchangeKey: $0.exchangeKey.hexadecimal,
                        signingKey: $0.signingKey.hexadecimal,
                        sealingKey: $0.sealingKey.hexadecimal
                    )
                }
            )
        }
        if output.json { return try Console.write(json: members) }
        Console.write(
            say(
                "\(contents.network), wydanie \(contents.release), ważne od \(contents.issued) do "
                    + "\(contents.expires).\n",
                "\(contents.network), release \(contents.release), valid from \(contents.issued) "
                    + "to \(contents.expires).\n"
            )
        )
        var table = TextTable(
            say("instytucja", "institution"),
            say("rodzaj", "kind"),
            say("regiony", "regions"),
            say("węzły", "nodes"),
            say("nazwa", "name")
        )
        for member in members {
            let nodes = member.nodes.map {
                $0.state == "valid" ? $0.id : "\($0.id) (\($0.state))"
            }
            table.add(
                member.id,
                member.kind,
                member.regions.joined(separator: " "),
                nodes.isEmpty ? "-" : nodes.joined(separator: " "),
                say(member.pl, member.en)
            )
        }
        Console.write(table.text)
    }

    private static func state(of node: RegistryNode, on date: CivilDate) -> String {
        if let revocation = node.revocation { return "revoked \(revocation.date)" }
        return node.isInGoodStanding(on: date) ? "valid" : "not valid"
    }
}
