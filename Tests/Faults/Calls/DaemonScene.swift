// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A network at work in which one program meets one call that fails: what it says, how it ends, and
// what has become of the mail once it runs again.

import ArgumentParser
import FaultCalls
import Foundation
import NetworkRig
import WiciCore
import WiciHub
import WiciNode

/// The program whose calls fail.
enum Victim: String, CaseIterable, ExpressibleByArgument {
    /// Takes submissions, signs checkpoints, takes another registry.
    case hub
    /// Keeps what its institution sends until the hub has it.
    case sender
    /// Stores what it is delivered.
    case receiver

    /// Its name among the children of a network.
    var child: String {
        switch self {
        case .hub: ProcessNetwork.hub
        case .sender: "oip-lublin"
        case .receiver: "nosg-chelm"
        }
    }
}

/// One call that is to fail.
struct DaemonFault: CustomStringConvertible {
    let victim: Victim
    let kind: CallKind
    let place: UInt64
    let error: CallError

    var description: String { "\(victim.rawValue): \(kind.name) \(place) with \(error.name)" }
}

/// A network in which one program after the other is started with a fault.
struct DaemonScene {
    /// What a fault did.
    struct Outcome {
        /// The call that failed; nil when the program never came so far.
        let failed: String?
        let isTold: Bool
        let endedByItself: Bool
        /// Calls that the program made, by kind.
        let counts: [UInt64]
    }

    private let processes: ProcessNetwork
    private let obedient: ObedientProcess
    /// What the sender was given.
    private(set) var mail = HandedMail()

    private static let others = "fundacja-przyklad"
    private static let receivers = [Victim.receiver.child, others]
    static let institutions = [Victim.sender.child] + receivers
    /// `ExitStatus` of Sources/wici.
    private static let documented: Set<Int32> = [0, 1, 2, 3, 4, 5, 6, 8]

    /// Takes a network of which nothing runs yet.
    init(_ processes: ProcessNetwork, _ obedient: ObedientProcess) {
        self.processes = processes
        self.obedient = obedient
    }

    func start() async throws {
        try await processes.startHub()
        for institution in Self.institutions { try await processes.startNode(institution) }
    }

    /// Everything that the sender took has arrived once and in order; gives how many there are.
    func settle(isPretending: Bool) async throws -> Int {
        var mail = mail
        if isPretending { mail.pretend() }
        return try await processes.settle([Victim.sender.child: mail], at: Self.receivers)
    }

    // MARK: One fault

    /// Restarts a program with a fault, or with none to count its calls, lets it work and end, and
    /// starts it without.
    mutating func play(_ victim: Victim, _ fault: DaemonFault?) async throws -> Outcome {
        let child = victim.child
        try await end(child)
        processes.forgetLog(of: child)
        let calls = try obedient.launch(child) { calls in
            fault_calls_watch(calls, try folder(of: victim).path)
            if let fault {
                fault_calls_fail(calls, fault.kind.kind, fault.place, fault.error.number)
            }
            try launch(victim)
        }
        let isUp = await happens(within: .seconds(15)) {
            guard processes.isRunning(child) else { return true }
            return try await isServing(victim)
        }
        var isDone = false
        if isUp, processes.isRunning(child) {
            try await work(with: victim)
            _ = await happens(within: .seconds(10)) {
                isDone = try await hasEverythingArrived()
                return isDone || Self.isTold(processes.log(of: child))
                    || !processes.isRunning(child)
            }
        }
        let endedByItself = !processes.isRunning(child)
        let ending = try await end(child)
        let hasFailed = fault_calls_relent(calls) != 0
        let log = processes.log(of: child)
        let outcome = Outcome(
            failed: hasFailed ? String(cString: fault_calls_last(calls)) : nil,
            isTold: Self.isTold(log),
            endedByItself: endedByItself,
            counts: CallKind.all.map { fault_calls_count(calls, $0.kind) }
        )
        guard case .exited(let status) = ending, Self.documented.contains(status) else {
            throw NetworkFailure("\(child) ended with \(ending): \(log)")
        }
        guard !endedByItself || status != 0 else { throw NetworkFailure("\(child) just ended") }
        guard isDone || outcome.isTold else {
            throw NetworkFailure("\(child) did not work and said nothing: \(ending), \(log)")
        }
        guard isDone || hasFailed else { throw NetworkFailure("failed by itself: \(log)") }
        try await startAgain(victim)
        return outcome
    }

    /// Whether output names what is wrong: by a code for the surroundings of a program, of
    /// Schemas/codes.json, or by a name of the command line's own.
    private static func isTold(_ log: String) -> Bool {
        RefusalCode.known.contains { $0.number >= 1_100 && log.contains($0.name) }
            || log.contains("\"name\":\"file\"")
    }

    /// The programs do what they are for: submissions, checkpoints, another registry.
    private mutating func work(with victim: Victim) async throws {
        let client = try processes.client(of: Victim.sender.child)
        let before = mail
        let handing = Task {
            var mail = before
            await mail.handOver(to: client, addressing: Self.receivers, every: .milliseconds(120))
            return mail
        }
        try await Task.sleep(for: .milliseconds(300))
        if victim == .hub {
            try processes.network.release { _ in }
            // It may have ended meanwhile.
            try? processes.signal(victim.child, SIGHUP)
        }
        try await Task.sleep(for: .milliseconds(500))
        handing.cancel()
        mail = await handing.value
    }

    private func hasEverythingArrived() async throws -> Bool {
        let sender = try processes.client(of: Victim.sender.child)
        let status = try await sender.status()
        guard status.isReady, status.pending == 0 else { return false }
        let count = try await sender.outbox(limit: 1_000).count
        for receiver in Self.receivers {
            let stored = try await processes.client(of: receiver).status().storedThrough.value
            guard stored >= UInt64(count) else { return false }
        }
        return true
    }

    private func startAgain(_ victim: Victim) async throws {
        if victim == .hub {
            try await processes.startHub()
        } else {
            try await processes.startNode(victim.child)
        }
        let client = try processes.client(of: Victim.sender.child)
        _ = try await mail.checkOutbox(of: client)
        try await eventually("everything has arrived", within: .seconds(30)) {
            await happens(within: .zero) { try await hasEverythingArrived() }
        }
    }

    // MARK: Processes

    private func folder(of victim: Victim) throws -> URL {
        victim == .hub
            ? processes.network.hubFolder.location
            : try processes.network.member(victim.child).folder.location
    }

    private func launch(_ victim: Victim) throws {
        if victim == .hub {
            try processes.launchHub()
        } else {
            try processes.launchNode(victim.child)
        }
    }

    private func isServing(_ victim: Victim) async throws -> Bool {
        guard victim != .hub else { return processes.isHubServing }
        return try await processes.client(of: victim.child).status().isReady
    }

    /// Asks a child to end, unless it has, and says how it ended.
    @discardableResult
    private func end(_ child: String) async throws -> ProcessNetwork.Ending {
        // It may end by itself at this moment.
        try? processes.signal(child, SIGTERM)
        try await eventually("\(child) ends") { !processes.isRunning(child) }
        return try await processes.awaitEnd(of: child)
    }

    /// Whether something comes to be in time; what cannot be asked is not so.
    private func happens(
        within limit: Duration,
        _ holds: () async throws -> Bool
    ) async -> Bool {
        let deadline = ContinuousClock().now.advanced(by: limit)
        repeat {
            if (try? await holds()) == true { return true }
            try? await Task.sleep(for: .milliseconds(20))
        } while ContinuousClock().now < deadline
        return false
    }
}
