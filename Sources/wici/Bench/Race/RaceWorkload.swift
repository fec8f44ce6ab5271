// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What is raced: the workloads, who takes part in each, and the figures that come out of it.

/// Who is measured.
enum RaceContestant: String, CaseIterable, Codable, Sendable {
    case wici
    case nats
    case jetstream
    case mosquitto
    case rabbitmq

    /// The name that people know it by.
    var title: String {
        switch self {
        case .wici: "Wici"
        case .nats: "NATS core"
        case .jetstream: "JetStream"
        case .mosquitto: "Mosquitto"
        case .rabbitmq: "RabbitMQ"
        }
    }

    /// What its acknowledgement means.
    var acknowledgement: String {
        switch self {
        case .wici:
            say(
                "na dysku: wiadomość, decyzja i wpis zsynchronizowane, potem podpisane",
                "on disk: message, decision and entry synced, then signed"
            )
        case .nats: say("brak; nic nie jest zapisywane", "none; nothing is stored")
        case .jetstream:
            say(
                "zapisana do pliku, bez synchronizacji (ta co 60 s)",
                "written to a file, not synced (that happens every 60 s)"
            )
        case .mosquitto:
            say(
                "w pamięci serwera (PUBACK); na dysku najpóźniej po 30 min",
                "in the server's memory (PUBACK); on disk within 30 min"
            )
        case .rabbitmq:
            say(
                "na dysku: dziennik kolejki kworum zsynchronizowany (jeden węzeł)",
                "on disk: the quorum queue's log synced (one node)"
            )
        }
    }

    /// What it checks of a message, and what protects the way.
    var checks: String {
        switch self {
        case .wici:
            say(
                "podpis, schemat, reguły dla każdego odbiorcy, księga, numer bez luk; CURVE obustronnie",
                "signature, schema, rules for each recipient, ledger, gap-free number; CURVE both ways"
            )
        case .nats, .jetstream, .mosquitto, .rabbitmq:
            say(
                "nic z treści ani nadawcy; TLS z certyfikatem serwera",
                "nothing of content or sender; TLS with the server's certificate"
            )
        }
    }
}

/// One thing that is done with every contestant.
enum RaceWorkload: String, CaseIterable, Codable, Sendable {
    /// Many connections at a time, once and before all else: memory that was used before hides it.
    case crowd = "connected"
    case publish1 = "publish-1"
    case publish16 = "publish-16"
    case publish64 = "publish-64"
    case singly = "publish-singly"
    case fanOut1 = "fan-out-1"
    case fanOut20 = "fan-out-20"
    case fanOut200 = "fan-out-200"
    case latency = "latency-200"
    case catchUp = "catch-up"

    /// Who takes part; the others have nothing of the kind.
    var contestants: [RaceContestant] {
        switch self {
        case .publish1, .publish16, .publish64, .singly, .catchUp:
            [.wici, .jetstream, .mosquitto, .rabbitmq]
        case .fanOut1, .fanOut20, .fanOut200, .latency:
            [.wici, .nats, .jetstream, .mosquitto, .rabbitmq]
        case .crowd: [.wici, .nats, .mosquitto, .rabbitmq]
        }
    }

    var senders: Int {
        switch self {
        case .publish16, .catchUp: 16
        case .publish64: 64
        case .publish1, .singly, .fanOut1, .fanOut20, .fanOut200, .latency, .crowd: 1
        }
    }

    /// How many receive each message while it is measured.
    var receivers: Int {
        switch self {
        case .fanOut20: 20
        case .fanOut200, .latency: 200
        case .publish1, .publish16, .publish64, .singly, .fanOut1, .catchUp, .crowd: 1
        }
    }

    /// The driver's word for it (`Deploy/race`).
    var driverName: String {
        switch self {
        case .crowd: "crowd"
        case .publish1, .publish16, .publish64: "publish"
        case .singly: "single"
        case .fanOut1, .fanOut20, .fanOut200: "fanout"
        case .latency: "latency"
        case .catchUp: "catchup"
        }
    }

    /// The figures of a result that are shown, the one that is compared first.
    var figures: [RaceFigure] {
        switch self {
        case .publish1, .publish16, .publish64, .fanOut1, .fanOut20, .fanOut200, .catchUp: [.rate]
        case .singly: [.p50, .p99]
        case .latency: [.p99, .p50, .p999]
        case .crowd: [.memory, .p50]
        }
    }

    var title: String {
        switch self {
        case .crowd: say("węzły połączone, bezczynne", "connected idle nodes")
        case .publish1: say("publikacja, 1 nadawca", "publish, 1 sender")
        case .publish16: say("publikacja, 16 nadawców", "publish, 16 senders")
        case .publish64: say("publikacja, 64 nadawców", "publish, 64 senders")
        case .singly: say("publikacja po jednej", "publish one at a time")
        case .fanOut1: say("do 1 odbiorcy", "to 1 receiver")
        case .fanOut20: say("do 20 odbiorców", "to 20 receivers")
        case .fanOut200: say("do 200 odbiorców", "to 200 receivers")
        case .latency: say("do ostatniego z 200, stałe tempo", "to last of 200, fixed rate")
        case .catchUp: say("nadrabianie", "catch-up")
        }
    }
}

/// One number of a result.
enum RaceFigure: String, Codable, Sendable {
    /// Messages, or deliveries, per second.
    case rate
    /// Milliseconds.
    case p50
    case p99
    case p999
    /// KiB of the server's memory for each connection.
    case memory = "kib"

    var unit: String {
        switch self {
        case .rate: "/s"
        case .p50, .p99, .p999: "ms"
        case .memory: "KiB"
        }
    }

    var title: String {
        switch self {
        case .rate: ""
        case .p50: "p50"
        case .p99: "p99"
        case .p999: "p99.9"
        case .memory: say("pamięć", "memory")
        }
    }
}

/// A workload with bodies of one size.
struct RaceCell: Hashable, Codable, Sendable {
    let workload: RaceWorkload
    let bodyBytes: Int

    /// Messages of one sender under way at a time, the same for everybody: no more than a thousand, and
    /// than a hub bears of one connection; of all senders together no more than the hub holds before it
    /// says that it is busy; and to all receivers together no more than a slow one gets rid of in a few
    /// seconds.
    var window: Int {
        let borne = (8 << 20) / (bodyBytes + 600)
        let held = (32 << 20) / (bodyBytes + 600) / workload.senders
        return max(1, min(1_000, borne, held, 60_000 / workload.receivers))
    }
}

/// How much of everything.
struct RaceScope: Codable, Sendable {
    var bodies: [Int]
    var workloads: [RaceWorkload]
    var rounds: Int
    /// Of each measurement, seconds.
    var seconds: Double
    /// Messages that a catch-up reads.
    var catchUp: Int
    /// Nodes that are connected at a time.
    var connected: Int
    /// Messages a second where the rate is fixed.
    var rate: Int
    /// Entries of the ledger at which the cost of a publish is compared with that of a small one.
    var ledgerEntries: Int

    /// Body size of the bars, bytes.
    static let barBody = 1_024

    /// Messages of a catch-up with such bodies: of large ones no more than a gibibyte.
    func catchUpCount(bodyBytes: Int) -> Int {
        min(catchUp, max(1_000, (1 << 30) / bodyBytes))
    }
}
