// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// wici doctor: looks at a hub's or a node's folder and surroundings, and says what to do about what is
// not as it should be.

import ArgumentParser
import Foundation
import PrivateFiles
import WiciCore
import WiciHub
import WiciNode

/// Examines this machine and a folder.
struct DoctorCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "doctor",
        abstract: "Examine a hub or a node: files, keys, clock, rules, libraries, connections.",
        discussion: """
            Without options it looks at ./hub and ./node where they are. Ends with 1 when \
            something failed; warnings alone end with 0.

            Examples:
              wici doctor
              wici doctor --hub /srv/wici/hub
              wici doctor --node node --json
            """
    )

    @Option(help: "A hub's folder.")
    var hub: String?

    @Option(help: "A node's folder.")
    var node: String?

    @OptionGroup var output: OutputOptions

    func run() async throws {
        var examination = Examination()
        examination.examineLibraries()
        let files = FileManager.default
        var (hubPath, nodePath) = (hub, node)
        if hub == nil, node == nil {
            hubPath = files.fileExists(atPath: "hub/hub.yaml") ? "hub" : nil
            nodePath = files.fileExists(atPath: "node/node.yaml") ? "node" : nil
        }
        for path in [hubPath, nodePath].compactMap({ $0 }) where !files.fileExists(atPath: path) {
            throw CommandFailure.missing(URL(filePath: path))
        }
        if let hubPath { examination.examine(HubFolder(URL(filePath: hubPath))) }
        if let nodePath { await examination.examine(NodeFolder(URL(filePath: nodePath))) }
        if output.json {
            try Console.write(json: examination.findings)
        } else {
            for finding in examination.findings { Console.write(finding.line) }
        }
        if examination.findings.contains(where: { $0.state == .failed }) {
            throw ExitCode(ExitStatus.failed.rawValue)
        }
    }
}

/// One thing that was looked at.
struct Finding: Encodable {
    /// How it is.
    enum State: String, Encodable {
        case ok
        case warning
        case failed
    }

    let state: State
    let subject: String
    let pl: String
    let en: String

    /// One line for a person.
    var line: String {
        let (word, colour): (String, Console.Colour) =
            switch state {
            case .ok: ("ok", .good)
            case .warning: (say("uwaga", "warning"), .doubtful)
            case .failed: (say("błąd", "failed"), .bad)
            }
        let padded = word + String(repeating: " ", count: max(0, 8 - word.count))
        return Console.paint(padded, colour) + "\(subject): " + say(pl, en)
    }
}

/// Looks and collects.
struct Examination {
    /// What was found, in order.
    private(set) var findings: [Finding] = []

    mutating func note(
        _ state: Finding.State,
        _ subject: String,
        _ polish: String,
        _ english: String
    ) {
        findings.append(Finding(state: state, subject: subject, pl: polish, en: english))
    }

    mutating func note(_ error: any Error, _ subject: String) {
        let sentence = CommandFailure(error)?.sentence
        note(.failed, subject, sentence?.pl ?? "\(error)", sentence?.en ?? "\(error)")
    }

    // MARK: Libraries and clock

    /// The libraries that this program runs with, and the clock.
    mutating func examineLibraries() {
        let sqlite = LoadedLibrary.sqliteVersion
        if let sqlite {
            let numbers = sqlite.split(separator: ".").compactMap { Int($0) }
            if numbers.lexicographicallyPrecedes([3, 51, 3]) {
                note(
                    .ok,
                    "SQLite",
                    "\(sqlite); wersje przed 3.51.3 znoszą jedno połączenie piszące, tyle używa Wici.",
                    "\(sqlite); versions before 3.51.3 bear one writing connection, which is what "
                        + "Wici uses."
                )
            } else {
                note(.ok, "SQLite", sqlite, sqlite)
            }
        } else {
            note(.warning, "SQLite", "nie podaje wersji.", "does not tell its version.")
        }
        switch (LoadedLibrary.zeroMQVersion, LoadedLibrary.zeroMQHasCurve) {
        case (let version?, true): note(.ok, "libzmq", "\(version), CURVE", "\(version), CURVE")
        case (let version, _):
            note(
                .failed,
                "libzmq",
                "\(version ?? "?") nie ma CURVE; zainstaluj libzmq z libsodium.",
                "\(version ?? "?") has no CURVE; install a libzmq built with libsodium."
            )
        }
        let year = CivilDate.today().year
        if (2026...2100).contains(year) {
            note(.ok, say("zegar", "clock"), Moment.now().inWarsaw, Moment.now().inWarsaw)
        } else {
            note(
                .failed,
                say("zegar", "clock"),
                "rok \(year); ustaw zegar (NTP).",
                "the year is \(year); set the clock (NTP)."
            )
        }
    }

    // MARK: Hub

    /// A hub's folder.
    mutating func examine(_ hub: HubFolder) {
        let keys = hub.location.appending(path: "keys")
        examineModes(folders: [hub.location, keys])
        do {
            let configuration = try hub.configuration()
            note(.ok, "hub.yaml", configuration.exchange, configuration.exchange)
            examineRules(hub, trust: configuration.authority)
        } catch {
            note(error, "hub.yaml")
        }
        do {
            let addresses = try HubAddresses.read(hub.location.path)
            let health = try addresses.health()
            note(
                health.ready ? .ok : .failed,
                say("proces", "process"),
                health.ready
                    ? "działa, połączonych węzłów \(health.connectedNodes)."
                    : "działa, ale nie obsługuje; zob. dziennik.",
                health.ready
                    ? "runs, \(health.connectedNodes) nodes connected."
                    : "runs but does not serve; see its log."
            )
            if let problem = health.reloadProblem {
                note(.warning, say("ostatnie przeładowanie", "last reload"), problem.pl, problem.en)
            }
        } catch {
            note(
                .warning,
                say("proces", "process"),
                "nie działa. Uruchom: wici hub run \(hub.location.path)",
                "does not run. Start it: wici hub run \(hub.location.path)"
            )
        }
    }

    private mutating func examineRules(_ hub: HubFolder, trust: AuthorityTrust) {
        do {
            let bytes = try Files.read(hub.registryFile.path)
            let registry = try Registry.load(note: bytes, trust: trust, after: nil, now: .now())
            examineExpiry("registry.note", registry.release, registry.contents.expires)
            examineKeys(hub, named: registry.contents.hub)
            examineLedger(hub, key: registry.contents.hub.ledgerKey)
            let policyBytes = try Files.read(hub.policyFile.path)
            let policy = try Policy.load(
                note: policyBytes,
                trust: registry.contents.authority,
                after: nil,
                now: .now()
            )
            examineExpiry("policy.note", policy.release, policy.expires)
        } catch {
            note(error, say("rejestr i polityka", "registry and policy"))
        }
    }

    /// Whether the hub has the keys by which the registry's members know it.
    private mutating func examineKeys(_ hub: HubFolder, named: HubIdentity) {
        let subject = say("klucze", "keys")
        do {
            guard try hub.identity() == named else {
                let sentence = RefusalCode.hubKeyDiffers.sentence
                return note(.failed, subject, sentence.polish, sentence.english)
            }
            note(.ok, subject, "te, które podaje rejestr.", "those that the registry names.")
        } catch {
            note(error, subject)
        }
    }

    private mutating func examineExpiry(_ subject: String, _ release: UInt64, _ date: CivilDate) {
        let days = date.daysSinceEpoch - CivilDate.today().daysSinceEpoch
        note(
            days < 30 ? .warning : .ok,
            subject,
            "wydanie \(release), ważne jeszcze \(days) dni.",
            "release \(release), valid for \(days) more days."
        )
    }

    // MARK: Node

    /// A node's folder, and the node itself where it runs.
    mutating func examine(_ node: NodeFolder) async {
        examineModes(folders: [node.location, node.keyFolder])
        do {
            _ = try node.keys()
            note(.ok, say("klucze", "keys"), "do odczytu, prawa 0600.", "readable, mode 0600.")
            if node.isRotating { examineRotation(node) }
        } catch {
            note(error, say("klucze", "keys"))
        }
        do {
            let configuration = try node.configuration()
            note(.ok, "node.yaml", configuration.node.text, configuration.node.text)
        } catch {
            note(error, "node.yaml")
        }
        do {
            let status = try await NodeClient(of: node).status()
            examine(status)
        } catch {
            note(
                .warning,
                say("proces", "process"),
                "nie odpowiada. Uruchom: wici node run \(node.location.path)",
                "does not answer. Start it: wici node run \(node.location.path)"
            )
        }
    }

    private mutating func examineRotation(_ node: NodeFolder) {
        let file = node.rotationFile.path
        note(
            .warning,
            say("nowe klucze", "new keys"),
            "czekają, aż wymieni je rejestr. Organ sieci: wici registry rotate \(file)",
            "wait until the registry names them. The authority: wici registry rotate \(file)"
        )
    }

    private mutating func examine(_ status: NodeStatus) {
        let subject = say("połączenie", "connection")
        if status.isReady {
            note(.ok, subject, status.hub, status.hub)
        } else {
            let help = status.refusal?.help
            note(
                .failed,
                subject,
                help?.pl
                    ?? "brak połączenia z \(status.hub). Sprawdź ten adres w node.yaml, czy węzeł "
                    + "centralny działa i czy zapora przepuszcza połączenia wychodzące na ten port.",
                help?.en
                    ?? "not connected to \(status.hub). Check that address in node.yaml, that the "
                    + "hub runs, and that the firewall lets connections out to that port."
            )
        }
        if let difference = status.clockDifference, abs(difference) > 60_000 {
            note(
                .warning,
                say("zegar", "clock"),
                "różni się od zegara węzła centralnego o \(difference / 1_000) s; ustaw NTP.",
                "differs from the hub's by \(difference / 1_000) s; set up NTP."
            )
        }
        if status.suspect > 0 {
            note(
                .failed,
                say("skrzynka", "inbox"),
                "wiadomości, które nie przeszły kontroli: \(status.suspect). Zawiadom audytora.",
                "\(status.suspect) messages failed this node's check. Tell the auditor."
            )
        }
        for release in [status.registry, status.policy].compactMap({ $0 }) {
            if let date = CivilDate(release.validUntil) {
                examineExpiry(say("wydanie", "release"), release.release, date)
            }
        }
    }

    // MARK: Files

    private mutating func examineModes(folders: [URL]) {
        for folder in folders {
            guard let status = FileStatus(following: folder.path) else {
                note(.failed, folder.path, "nie ma takiego katalogu.", "there is no such folder.")
                continue
            }
            let mode = String(status.rights, radix: 8)
            if status.rights & 0o077 == 0 {
                note(.ok, folder.path, "prawa \(mode).", "mode \(mode).")
            } else {
                note(
                    .failed,
                    folder.path,
                    "prawa \(mode): chmod 700 \(folder.path)",
                    "mode \(mode): chmod 700 \(folder.path)"
                )
            }
        }
    }
}
