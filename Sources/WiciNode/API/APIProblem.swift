// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The errors of the local API's own: those that come before the node is asked anything.

public import WiciCore

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

    /// The entry of Schemas/codes.json with this number.
    public var code: RefusalCode {
        switch self {
        case .tokenWrong: .tokenWrong
        case .pathUnknown: .pathUnknown
        case .methodUnknown: .methodUnknown
        case .requestTooLarge: .requestTooLarge
        case .requestMalformed: .requestMalformed
        case .unexpected: .unexpectedFailure
        case .answerUnreadable: .answerUnreadable
        case .nodeUnreachable: .nodeUnreachable
        case .nodeSilent: .nodeSilent
        }
    }

    /// The error object, about a part of the request where one is at fault.
    func report(field: String = "") -> RefusalReport {
        RefusalReport(
            code: code.number,
            name: code.name,
            retryable: code.retryable,
            field: field,
            help: BilingualText(code.sentence)
        )
    }
}
