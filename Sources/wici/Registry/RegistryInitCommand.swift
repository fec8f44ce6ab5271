// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici registry init: the first draft, from the list of teams and institutions and the hub's identity.

import ArgumentParser
import Foundation
import WiciCore

/// Begins a registry.
struct RegistryInitCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "init",
        abstract: "Begin a registry from a list of teams and institutions.",
        discussion: """
            MEMBERS is YAML with teams and institutions (see Deploy/network/institutions.yaml). \
            The hub's two keys are printed by wici hub init.

            Example:
              wici registry init institutions.yaml --network siec-przyklad --origin hub.example \
            --hub-key HEX --ledger-key TEXT --authority authority-1.pub --authority \
            authority-2.pub --authority authority-3.pub --threshold 2
            """
    )

    @Argument(help: "YAML file with teams and institutions.")
    var members: String

    @Option(help: "Name of the network.")
    var network: String

    @Option(help: "Name of the hub's ledger.")
    var origin: String

    @Option(help: "The hub's exchange key, 64 hexadecimal digits.")
    var hubKey: String

    @Option(help: "Verifier key of the hub's ledger.")
    var ledgerKey: String

    @OptionGroup var authority: AuthorityOptions

    @Option(help: "Last day on which the release is valid (default: in a year).")
    var expires: String?

    @Option(name: .shortAndLong, help: "Where the draft goes.")
    var output = "registry-1.yaml"

    @Flag(help: "Print one JSON document instead of text.")
    var json = false

    private struct Report: Encodable {
        let file: String
        let teams: Int
        let institutions: Int
    }

    func run() throws {
        let target = URL(filePath: output)
        guard !FileManager.default.fileExists(atPath: target.path) else {
            throw CommandFailure(
                RefusalCode.alreadyInitialised,
                field: output,
                RefusalCode.alreadyInitialised.sentence
            )
        }
        guard let exchangeKey = RawPublicKey(hexadecimal: hubKey),
            let ledgerKey = try? VerifierKey(text: ledgerKey)
        else {
            throw CommandFailure.usage(
                "--hub-key lub --ledger-key nie jest kluczem.",
                "--hub-key or --ledger-key is not a key."
            )
        }
        let membership = try MembershipText(text: try Files.text(members))
        let today = CivilDate.today()
        let contents = RegistryContents(
            network: network,
            release: 1,
            previous: nil,
            issued: today,
            expires: try expires.map { try RegistryFile.date($0, "--expires") }
                ?? today.adding(days: 365),
            authority: try authority.trust(),
            hub: HubIdentity(origin: origin, exchangeKey: exchangeKey, ledgerKey: ledgerKey),
            teams: membership.teams,
            institutions: membership.institutions,
            nodes: []
        )
        let text = contents.text
        _ = try RegistryContents(text: text)
        try Files.write(Data(text.utf8), to: target)
        let report = Report(
            file: target.path,
            teams: contents.teams.count,
            institutions: contents.institutions.count
        )
        if json { return try Console.write(json: report) }
        Console.write(
            say(
                "\(report.file): zespołów \(report.teams), instytucji \(report.institutions). "
                    + "Teraz: wici registry add WNIOSEK --registry \(report.file)",
                "\(report.file): \(report.teams) teams, \(report.institutions) institutions. "
                    + "Next: wici registry add REQUEST --registry \(report.file)"
            )
        )
    }
}
