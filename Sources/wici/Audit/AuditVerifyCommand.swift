// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici audit verify: the whole ledger or an export, offline.

import ArgumentParser
import Foundation
import WiciCore
import WiciLedger

/// Verifies a ledger.
struct AuditVerifyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "verify",
        abstract: "Verify a ledger or an export, offline: leaves, root, signature, mailboxes.",
        discussion: """
            Give --key with a verifier key or a signed registry that you hold yourself: without it \
            the key beside the ledger is taken. Ends with 8 when something does not match, when an \
            opening is missing, and when an export has entries that its checkpoint does not cover. \
            In a ledger file who was eligible is computed anew from header, registry and policy of \
            each message; an export has no registry and policy texts, so there it is said that \
            this was not asked. A hub's own file may have entries younger than its last checkpoint: they are counted \
            as not yet proven.

            Examples:
              wici audit verify export --key registry.note
              wici audit verify hub/ledger.sqlite --json
            """
    )

    @Argument(help: "Folder of an export, a hub's folder, or a ledger.sqlite.")
    var path: String

    @OptionGroup var ledgerKey: LedgerKeyOptions
    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let sound: Bool
        let entries: UInt64
        let messages: UInt64
        let decisionsReplayed: UInt64
        let decisionsUnasked: UInt64
        let unproven: UInt64
        let checkpointSize: UInt64?
        let signedSize: UInt64?
        let root: String
        let keyPinned: Bool
        let faultCount: UInt64
        let faults: [Fault]

        struct Fault: Encodable {
            let code: UInt32
            let name: String
            let pl: String
            let en: String
        }
    }

    func run() throws {
        let source = try LedgerSource(path: path)
        let (key, isPinned) = try source.ledgerKey(ledgerKey)
        let found = try source.verify(ledgerKey: key)
        try show(
            Report(
                sound: found.isSound,
                entries: found.entries,
                messages: found.messages,
                decisionsReplayed: found.replayed,
                decisionsUnasked: found.undecided,
                unproven: found.unproven,
                checkpointSize: found.checkpointSize,
                signedSize: found.signedSize,
                root: found.root.hexadecimal,
                keyPinned: isPinned,
                faultCount: found.faultCount,
                faults: found.faults.map {
                    Report.Fault(
                        code: $0.code.number,
                        name: $0.code.name,
                        pl: $0.sentence.polish,
                        en: $0.sentence.english
                    )
                }
            )
        )
        if !found.isSound { throw ExitCode(ExitStatus.integrity.rawValue) }
    }

    private func show(_ report: Report) throws {
        if output.json { return try Console.write(json: report) }
        Console.write(
            say(
                "Wpisów \(report.entries), wiadomości \(report.messages); punkt kontrolny "
                    + "obejmuje \(report.signedSize ?? 0).",
                "\(report.entries) entries, \(report.messages) messages; the checkpoint covers "
                    + "\(report.signedSize ?? 0)."
            )
        )
        Console.write(say("Korzeń ", "Root ") + report.root)
        for fault in report.faults {
            Console.write(Console.paint(say(fault.pl, fault.en), .bad))
        }
        if report.faultCount > report.faults.count {
            let more = report.faultCount - UInt64(report.faults.count)
            Console.write(say("… i jeszcze \(more).", "… and \(more) more."))
        }
        if report.sound {
            showSound(report)
            guard report.unproven > 0 else { return remarkKey(report) }
            Console.write(
                say(
                    "Najmłodszych wpisów \(report.unproven) nie obejmuje jeszcze punkt "
                        + "kontrolny: są spójne, ale nic ich nie dowodzi.",
                    "The checkpoint does not cover the \(report.unproven) youngest entries yet: "
                        + "they are consistent, but nothing proves them."
                )
            )
        } else {
            let reason =
                report.faultCount == 0
                ? say("Brak podpisanego punktu kontrolnego.", "There is no signed checkpoint.")
                : say("Niezgodności: \(report.faultCount).", "Mismatches: \(report.faultCount).")
            Console.write(Console.paint(reason, .bad))
        }
        remarkKey(report)
    }

    private func showSound(_ report: Report) {
        guard report.decisionsUnasked > 0 else {
            return Console.write(
                Console.paint(
                    say(
                        "Księga jest spójna i podpisana, a odbiorcy są ci, których dają reguły.",
                        "The ledger is sound and signed, and recipients are those that the rules give."
                    ),
                    .good
                )
            )
        }
        let count = report.decisionsUnasked
        Console.write(
            say(
                "Księga jest kompletna i podpisana. Czy reguły pozwalały na przekazanie, nie "
                    + "sprawdzono przy \(count) wiadomościach: brak tu tekstów rejestru i polityki. "
                    + "Sprawdź też plik księgi węzła centralnego.",
                "The ledger is complete and signed. Whether the rules allowed what was disclosed was "
                    + "not asked of \(count) messages: the texts of registry and policy are not "
                    + "here. Verify the hub's ledger file as well."
            )
        )
    }

    private func remarkKey(_ report: Report) {
        if !report.keyPinned { LedgerKeyOptions.remarkUnpinned() }
    }
}
