// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The command `wici`: its nouns, and how it ends.

import ArgumentParser
import Foundation
import WiciCore

/// The command line of Wici.
struct Wici: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "wici",
        abstract: "A message broker between institutions that work against human trafficking.",
        discussion: """
            A hub carries typed messages between the nodes of institutions, under rules that the \
            network authority signs, and keeps a ledger that proves who was told what.

            wici demo runs a whole network on this machine. wici help COMMAND explains a command.

            \(ExitStatus.table)

            Language: WICI_LANG=pl or en, else the locale. Colour: off with NO_COLOR.
            Completion: wici --generate-completion-script bash (or zsh, fish).
            """,
        subcommands: [
            HubCommand.self, NodeCommand.self, RegistryCommand.self, PolicyCommand.self,
            SchemaCommand.self, MessageCommand.self, InboxCommand.self, AcknowledgeCommand.self,
            ReplyCommand.self, SubscribeCommand.self, SubscriptionsCommand.self,
            AuditCommand.self, DemoCommand.self, BenchCommand.self, DoctorCommand.self,
        ]
    )
}

/// Starts the program and turns errors into sentences and exit codes.
@main
enum Main {
    static func main() async {
        signal(SIGPIPE, SIG_IGN)
        do {
            var command = try Wici.parseAsRoot()
            if var asynchronous = command as? any AsyncParsableCommand {
                try await asynchronous.run()
            } else {
                try command.run()
            }
        } catch {
            exit(end(with: error))
        }
    }

    /// Says what went wrong on standard error; gives the exit code.
    private static func end(with error: any Error) -> Int32 {
        if let failure = CommandFailure(error) {
            if !Console.wantsJSON {
                let label = say("Błąd: ", "Error: ")
                Console.remark(label + failure.lines.joined(separator: "\n"))
            }
            return end(with: failure)
        }
        let code = Wici.exitCode(for: error)
        if code.isSuccess {
            Console.write(Wici.fullMessage(for: error))
            return 0
        }
        if let status = error as? ExitCode { return status.rawValue }
        let message = Wici.message(for: error)
        guard code == .validationFailure else {
            let failure = CommandFailure(
                .failed,
                "unexpected-failure",
                "Nieoczekiwany błąd: \(message)",
                "Unexpected error: \(message)"
            )
            if !Console.wantsJSON {
                Console.remark(say("Błąd: ", "Error: ") + failure.lines.joined(separator: "\n"))
            }
            return end(with: failure)
        }
        let words = Array(CommandLine.arguments.dropFirst())
        if !Console.wantsJSON {
            let text = Wici.fullMessage(for: error)
            Console.remark(UsageText.page(text, message: message, words: words))
        }
        let sentence = UsageText.sentence(message, words: words)
        return end(
            with: .usage(
                "Złe użycie polecenia: \(sentence.polish)",
                "Wrong use of the command: \(sentence.english)"
            )
        )
    }

    /// Where JSON is wanted, errors are JSON too, those of the parser included.
    private static func end(with failure: CommandFailure) -> Int32 {
        if Console.wantsJSON { try? Console.remark(json: failure.report) }
        return failure.status.rawValue
    }
}

/// The option of everything that lists or shows.
struct OutputOptions: ParsableArguments {
    @Flag(help: "Print one JSON document instead of text.")
    var json = false
}
