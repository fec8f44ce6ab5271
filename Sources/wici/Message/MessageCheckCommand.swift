// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici message check: every fault of a draft at once, without a node.

import ArgumentParser
import WiciCore
import WiciNode

/// Checks drafts.
struct MessageCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Check drafts and report every fault at once.",
        discussion: """
            Needs no node and no network; who would receive it is told by \
            wici message send --dry-run. A sample that answers another (answers: NUMBER) has no \
            reference yet: whoever sends it fills that in, and everything else is checked.

            Examples:
              wici message check alert.yaml
              wici message check Deploy/network/messages/*.yaml --json
            """
    )

    @Argument(help: "Draft files (YAML or JSON), or - for standard input.")
    var files: [String]

    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let file: String
        let type: String?
        /// The number of the sample that it answers, and whose id it lacks.
        var answers: String?
        let faults: [FaultReport]
    }

    func run() throws {
        let reports = try files.map(Self.check)
        if output.json {
            try Console.write(json: reports)
        } else {
            for report in reports {
                let isGood = report.faults.isEmpty
                let verdict =
                    isGood
                    ? Console.paint(say("w porządku", "in order"), .good)
                    : Console.paint(
                        say("błędów: \(report.faults.count)", "faults: \(report.faults.count)"),
                        .bad
                    )
                let remark = report.answers.map {
                    say("; odpowiada na przykład \($0)", "; answers sample \($0)")
                }
                Console.write("\(report.file): \(verdict)\(remark ?? "")")
                for fault in report.faults {
                    let sentence = say(fault.help.pl, fault.help.en)
                    Console.write("  \(fault.field): \(sentence) [\(fault.code)]")
                }
            }
        }
        if reports.contains(where: { !$0.faults.isEmpty }) {
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }

    private static func check(_ file: String) throws -> Report {
        let bytes = try Files.read(file, limit: 1 << 20)
        var type: String?
        var answers: String?
        do throws(DraftError) {
            let draft = try MessageDraft(bytes: bytes)
            type = draft.type
            answers = draft.answers
            _ = try draft.compose(context: DraftContext.checking(now: .now()))
            return Report(file: file, type: type, answers: answers, faults: [])
        } catch {
            let faults = error.faults.filter {
                answers == nil || $0.path != "references" || $0.code != .missing
            }
            return Report(
                file: file,
                type: type,
                answers: answers,
                faults: faults.map { FaultReport($0) }
            )
        }
    }
}

extension DraftContext {
    /// A context for checking alone: the sender's kind changes defaults, never whether a draft is
    /// in order.
    static func checking(now: Moment) throws(DraftError) -> DraftContext {
        guard let node = NodeID("check.node"), let kind = Code("IK-UW") else {
            throw .faults([])
        }
        return DraftContext(
            sender: node,
            senderKind: kind,
            operator: "op-1",
            now: now,
            messageID: MessageID(milliseconds: now.milliseconds, random: (1, 1))
        )
    }
}
