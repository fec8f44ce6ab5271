// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici policy explain: one case, the decision, and the rule or the nearest grant.

import ArgumentParser
import WiciCore

/// Explains a decision.
struct PolicyExplainCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "explain",
        abstract: "Say how one case is decided, and by which rule.",
        discussion: """
            Ends with 3 when the case is refused.

            Examples:
              wici policy explain --from police --to ngo --type case-alert --marking TLP:AMBER
              wici policy explain --from ngo --to police --type support-request --sealed --json
            """
    )

    @OptionGroup var policy: PolicyOptions
    @OptionGroup var labels: CaseOptions

    @Option(help: "Recipient kind.")
    var to: String

    @OptionGroup var output: OutputOptions

    private struct Answer: Encodable {
        let allowed: Bool
        let rules: [String]
        let nearest: String?
        let differences: [String]
        let pl: String
        let en: String
    }

    func run() throws {
        let policy = try self.policy.load()
        guard let from = labels.from else {
            throw CommandFailure.usage("Podaj --from.", "Give --from.")
        }
        let explained = try labels.policyCase(
            policy,
            from: CaseOptions.kind(from, in: policy, "--from"),
            to: CaseOptions.kind(to, in: policy, "--to")
        )
        let explanation = policy.explain(explained, on: try labels.date())
        let answer = Answer(
            allowed: explanation.decision.isAllowed,
            rules: explanation.ruleIDs,
            nearest: explanation.nearest,
            differences: explanation.differences.map { $0.name[Console.language] },
            pl: explanation.sentence.polish,
            en: explanation.sentence.english
        )
        if output.json {
            try Console.write(json: answer)
        } else {
            let colour: Console.Colour = answer.allowed ? .good : .bad
            Console.write(Console.paint(explanation.sentence[Console.language], colour))
        }
        if !answer.allowed { throw ExitCode(ExitStatus.refused.rawValue) }
    }
}
