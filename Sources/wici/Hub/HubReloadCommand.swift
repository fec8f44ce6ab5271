// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici hub reload: new registry and policy without a restart, and whether they were taken.

import ArgumentParser
import Foundation
import Glibc
import WiciCore
import WiciHub

/// Has a running hub load registry and policy again.
struct HubReloadCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "reload",
        abstract: "Have the running hub load registry and policy again.",
        discussion: """
            Waits for the outcome. What is refused leaves the old ones in force; the command then \
            ends with 1.

            Example:
              cp registry-2.note hub/registry.note && wici hub reload hub
            """
    )

    @Argument(help: "The hub's folder.")
    var folder: String

    @Option(help: "Seconds to wait for the outcome.")
    var wait = 30

    @OptionGroup var output: OutputOptions

    func run() async throws {
        let addresses = try HubAddresses.read(folder)
        let before = try addresses.health().reloads
        guard kill(addresses.process, SIGHUP) == 0 else {
            throw CommandFailure(
                .failed,
                "signal-refused",
                "Procesu węzła centralnego nie można zawiadomić.",
                "The hub's process cannot be signalled."
            )
        }
        let clock = ContinuousClock()
        let deadline = clock.now + .seconds(wait)
        while clock.now < deadline {
            let health = try addresses.health()
            if health.reloads > before {
                if output.json { try Console.write(json: health) }
                if let problem = health.reloadProblem {
                    throw CommandFailure(.failed, problem.code, problem.pl, problem.en)
                }
                if !output.json {
                    Console.write(
                        say(
                            "Obowiązują: rejestr \(health.registryRelease ?? 0), polityka "
                                + "\(health.policyRelease ?? 0).",
                            "In force: registry \(health.registryRelease ?? 0), policy "
                                + "\(health.policyRelease ?? 0)."
                        )
                    )
                }
                return
            }
            try await clock.sleep(for: .milliseconds(50))
        }
        throw CommandFailure(
            .timeout,
            "no-outcome",
            "Węzeł centralny nie odpowiedział w czasie \(wait) s.",
            "The hub did not answer within \(wait) s."
        )
    }
}
