// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The errors of the local API's own: those that come before the node is asked anything.

/// A request that the local API itself turns down, or a node that cannot be reached.
///
/// The raw value is the error's number.
public enum APIProblem: UInt32, Hashable, Sendable, CaseIterable {
    /// The token is missing or wrong.
    case tokenWrong = 1250
    /// There is no such path.
    case pathUnknown = 1251
    /// The path does not know this method.
    case methodUnknown = 1252
    /// The body is over 512 KiB.
    case requestTooLarge = 1253
    /// A part of the request cannot be read.
    case requestMalformed = 1254
    /// The node failed in a way that has no name.
    case unexpected = 1255
    /// The answer cannot be read: client and node do not fit together.
    case answerUnreadable = 1256
    /// The node's API cannot be reached.
    case nodeUnreachable = 1257
    /// The node's API did not answer in time.
    case nodeSilent = 1258

    /// What sort of trouble it is.
    public var kind: NodeError.Kind {
        switch self {
        case .tokenWrong: .unauthenticated
        case .pathUnknown: .notFound
        case .methodUnknown, .requestTooLarge, .requestMalformed: .malformed
        case .unexpected, .answerUnreadable: .failed
        case .nodeUnreachable: .unreachable
        case .nodeSilent: .timeout
        }
    }

    /// The stable name.
    public var name: String {
        switch self {
        case .tokenWrong: "token-wrong"
        case .pathUnknown: "path-unknown"
        case .methodUnknown: "method-unknown"
        case .requestTooLarge: "request-too-large"
        case .requestMalformed: "request-malformed"
        case .unexpected: "unexpected-failure"
        case .answerUnreadable: "answer-unreadable"
        case .nodeUnreachable: "node-unreachable"
        case .nodeSilent: "node-silent"
        }
    }

    /// What happened and what to do next.
    public var help: BilingualText {
        switch self {
        case .tokenWrong:
            BilingualText(
                pl: "Brak tokenu albo token jest błędny. Podaj token z pliku węzła.",
                en: "The token is missing or wrong. Give the token of the node's file."
            )
        case .pathUnknown:
            BilingualText(
                pl: "Interfejs węzła nie zna tej ścieżki.",
                en: "The node's interface does not know this path."
            )
        case .methodUnknown:
            BilingualText(
                pl: "Ta ścieżka nie obsługuje tej metody.",
                en: "This path does not take this method."
            )
        case .requestTooLarge:
            BilingualText(
                pl: "Treść żądania przekracza 512 KiB.",
                en: "The request's body is over 512 KiB."
            )
        case .requestMalformed:
            BilingualText(
                pl: "Żądania nie da się odczytać. Popraw wskazane pole.",
                en: "The request cannot be read. Correct the field that is named."
            )
        case .unexpected:
            BilingualText(
                pl: "Węzeł napotkał nieoczekiwany błąd. Sprawdź jego dziennik.",
                en: "The node met an unexpected error. Look at its log."
            )
        case .answerUnreadable:
            BilingualText(
                pl: "Odpowiedzi węzła nie da się odczytać. Sprawdź wersje programu.",
                en: "The node's answer cannot be read. Compare the program versions."
            )
        case .nodeUnreachable:
            BilingualText(
                pl: "Nie można połączyć się z węzłem. Sprawdź, czy działa.",
                en: "The node cannot be reached. See whether it is running."
            )
        case .nodeSilent:
            BilingualText(
                pl: "Węzeł nie odpowiedział na czas. Ponów za chwilę.",
                en: "The node did not answer in time. Try again in a moment."
            )
        }
    }

    /// The error object, about a part of the request where one is at fault.
    func report(field: String = "") -> RefusalReport {
        RefusalReport(
            code: rawValue,
            name: name,
            retryable: self == .nodeUnreachable || self == .nodeSilent,
            field: field,
            help: help
        )
    }
}
