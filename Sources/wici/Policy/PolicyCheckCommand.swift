// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici policy check: reads a policy strictly, runs its checks and promises over all cases, and says
// who gains and who loses against another release.

import ArgumentParser
import WiciCore

/// Examines a policy.
struct PolicyCheckCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "check",
        abstract: "Examine a policy: its checks, its promises, dead rules, and what changes.",
        discussion: """
            Ends with 1 when something keeps the policy from loading.

            Examples:
              wici policy check Deploy/network/policy.yaml
              wici policy check new-policy.yaml --against policy.note
            """
    )

    @Argument(help: "Policy file: a draft or a signed note.")
    var file: String

    @Option(help: "An earlier policy: show who gains and who loses.")
    var against: String?

    @OptionGroup var output: OutputOptions

    private struct Report: Encodable {
        let name: String
        let release: UInt64
        let grants: Int
        let nevers: Int
        let checks: Int
        let promises: Int
        var errors: [String] = []
        var warnings: [String] = []
        var changes: [String]?
        var gained: Int?
        var lost: Int?
    }

    func run() throws {
        let policy = try Policy(text: try AuthorityDocument(path: file).text)
        var report = Report(
            name: policy.name,
            release: policy.release,
            grants: policy.grants.count,
            nevers: policy.nevers.count,
            checks: policy.checks.count,
            promises: policy.promises.count
        )
        let language = Console.language
        for finding in policy.findings() {
            if finding.isFatal {
                report.errors.append(finding.error.sentence[language])
            } else {
                report.warnings.append(Self.sentence(of: finding))
            }
        }
        if let against {
            let old = try Policy(text: try AuthorityDocument(path: against).text)
            let difference = PolicyDiff(from: old, to: policy, on: .today())
            report.changes = difference.changes.map { $0.sentence[language] }
            report.gained = difference.gained
            report.lost = difference.lost
        }
        try show(report)
        if !report.errors.isEmpty { throw ExitCode(ExitStatus.failed.rawValue) }
    }

    private static func sentence(of finding: PolicyFinding) -> String {
        switch finding {
        case .grantShadowed(let id):
            say(
                "\(id): wszystko, co dopuszcza, dopuszczają też inne.",
                "\(id): everything it allows is allowed by others too."
            )
        case .neverIdle(let id):
            say(
                "\(id): żadne zezwolenie nie obejmuje tego, czego zakazuje.",
                "\(id): no grant covers anything that it forbids."
            )
        case .checkFails, .promiseBroken, .grantDead, .ruleUnchecked:
            finding.error.sentence[Console.language]
        }
    }

    private func show(_ report: Report) throws {
        if output.json { return try Console.write(json: report) }
        Console.write(
            say(
                "\(report.name), wydanie \(report.release): zezwoleń \(report.grants), "
                    + "zakazów \(report.nevers), sprawdzeń \(report.checks), "
                    + "obietnic \(report.promises).",
                "\(report.name), release \(report.release): \(report.grants) grants, "
                    + "\(report.nevers) nevers, \(report.checks) checks, "
                    + "\(report.promises) promises."
            )
        )
        for error in report.errors { Console.write(Console.paint(error, .bad)) }
        for warning in report.warnings { Console.write(Console.paint(warning, .doubtful)) }
        for change in report.changes ?? [] { Console.write(change) }
        if let gained = report.gained, let lost = report.lost {
            Console.write(
                say(
                    "Przypadków zyskanych: \(gained), straconych: \(lost).",
                    "Cases gained: \(gained), lost: \(lost)."
                )
            )
        }
        if report.errors.isEmpty {
            Console.write(
                Console.paint(
                    say(
                        "Wszystkie sprawdzenia i obietnice są dotrzymane.",
                        "All checks and promises hold."
                    ),
                    .good
                )
            )
        }
    }
}
