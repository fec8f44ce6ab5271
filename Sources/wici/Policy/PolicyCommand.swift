// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici policy: the access rules, examined before they bite.

import ArgumentParser
import WiciCore

/// The noun `policy`.
struct PolicyCommand: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "policy",
        abstract: "Check, explain and sign the access rules.",
        subcommands: [
            PolicyCheckCommand.self, PolicyExplainCommand.self, PolicyWhoSeesCommand.self,
            PolicySignCommand.self,
        ]
    )
}

/// Which policy is meant.
struct PolicyOptions: ParsableArguments {
    @Option(
        name: .shortAndLong,
        help: "Policy file: a draft or a signed note (default: WICI_POLICY, else ./policy.note)."
    )
    var policy: String?

    /// Reads the policy, without asking who signed it.
    func load() throws -> Policy {
        let path = policy ?? Settings.environment["WICI_POLICY"] ?? "policy.note"
        return try Policy(text: try AuthorityDocument(path: path).text)
    }
}

/// The labels of a case; what is left out is what most messages have.
struct CaseOptions: ParsableArguments {
    @Option(help: "Sender kind, a word such as police or ngo.")
    var from: String?

    @Option(help: "Message type.")
    var type: String

    @Option(help: "TLP label.")
    var marking = "TLP:GREEN"

    @Option(help: "How the recipient stands to the sender: same, named, both or other.")
    var region = "same"

    @Option(help: "Personal data: none, personal or special.")
    var dataLevel = "none"

    @Option(help: "Whom personal data is about: suspect, convicted, victim, witness or other.")
    var dataAbout: String?

    @Option(help: "Purpose (default: the one usual for the type).")
    var purpose: String?

    @Option(help: "Regime: gdpr or led.")
    var regime = "gdpr"

    @Option(help: "Status: actual, exercise or test.")
    var status = "actual"

    @Flag(help: "The message is sealed.")
    var sealed = false

    @Option(help: "The day on which it is decided, YYYY-MM-DD (default: today).")
    var on: String?

    /// The day.
    func date() throws -> CivilDate {
        guard let on else { return .today() }
        return try Self.word(CivilDate(on), on, "--on")
    }

    /// Place of a kind word.
    static func kind(_ word: String, in policy: Policy, _ option: String) throws -> Int {
        try Self.word(policy.words.kinds.firstIndex(of: word), word, option)
    }

    /// The case for a sender and a recipient.
    func policyCase(_ policy: Policy, from sender: Int, to recipient: Int) throws -> PolicyCase {
        let level = try Self.word(DataLevel(rawValue: dataLevel), dataLevel, "--data-level")
        let subject = try dataAbout.map {
            try Self.word(DataSubject(rawValue: $0), $0, "--data-about")
        }
        let purposeWord = purpose ?? MessageDraft.defaultPurpose(of: type)
        return PolicyCase(
            sender: sender,
            recipient: recipient,
            type: try Self.word(policy.words.type(type), type, "--type"),
            marking: try Self.word(Marking(label: marking), marking, "--marking"),
            region: try Self.word(RegionRelation(rawValue: region), region, "--region"),
            data: try Self.word(
                PersonalData(level: level, subject: subject),
                dataAbout ?? "",
                "--data-about"
            ),
            purpose: try Self.word(policy.words.purpose(purposeWord), purposeWord, "--purpose"),
            regime: try Self.word(LegalRegime(rawValue: regime), regime, "--regime"),
            status: try Self.word(MessageStatus(rawValue: status), status, "--status"),
            isSealed: sealed
        )
    }

    private static func word<Value>(
        _ value: Value?,
        _ text: String,
        _ option: String
    ) throws -> Value {
        guard let value else {
            throw CommandFailure.usage(
                "\(option): „\(text)” nie jest słowem tej listy.",
                "\(option): \"\(text)\" is not a word of its list."
            )
        }
        return value
    }
}
