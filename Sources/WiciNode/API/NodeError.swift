// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The one error of the node's interface. The HTTP API carries it as JSON and the client gives it
// back unchanged, so a program sees the same error inside the daemon and across the socket.

public import WiciCore

/// What went wrong with a request to a node.
public struct NodeError: Error, Hashable, Sendable, CustomStringConvertible {
    /// What sort of trouble it is; it decides the HTTP status and the command line's exit code.
    public enum Kind: String, Codable, Hashable, Sendable, CaseIterable {
        /// The request itself is wrong.
        case malformed
        /// The message has faults.
        case invalid
        /// The token is missing or wrong, or the hub does not accept the node's keys.
        case unauthenticated
        /// A rule, the hub or the receiver's own check refuses.
        case refused
        /// There is no such thing.
        case notFound = "not-found"
        /// The hub is away and the request cannot wait for it.
        case offline
        /// It took longer than the caller wanted to wait.
        case timeout
        /// Too much at once; the same request will do later.
        case busy
        /// Something that must agree does not: a signature, a proof, a file.
        case integrity
        /// The node itself failed, for example because its disk is full.
        case failed
        /// The node's API cannot be reached; only the client says this.
        case unreachable
    }

    /// What sort of trouble it is.
    public let kind: Kind
    /// The details.
    public let report: RefusalReport

    /// Makes an error.
    public init(_ kind: Kind, _ report: RefusalReport) {
        self.kind = kind
        self.report = report
    }

    /// Makes an error of the kind `refused` or another from a refusal.
    public init(_ refusal: Refusal, kind: Kind = .refused) {
        self.init(kind, RefusalReport(refusal))
    }

    /// Reports a message's faults, all at once, under the code `schema-fault`.
    public init(faults: [Fault]) {
        self.init(
            .invalid,
            RefusalReport(Refusal(.schemaFault), faults: faults.map { FaultReport($0) })
        )
    }

    /// Makes an error of the local API itself, about a part of the request where one is at fault.
    init(_ problem: APIProblem, field: String = "") {
        self.init(problem.kind, problem.report(field: field))
    }

    /// Name and English sentence, for a log.
    public var description: String { "\(report.name): \(report.help.en)" }
}

extension NodeError: Codable {
    private enum CodingKeys: String, CodingKey { case kind }

    /// Reads the error object of the API: the report's keys and `kind`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        self.init(
            try container.decode(Kind.self, forKey: .kind),
            try RefusalReport(from: decoder)
        )
    }

    /// Writes the error object of the API: the report's keys and `kind`.
    public func encode(to encoder: any Encoder) throws {
        try report.encode(to: encoder)
        var container = encoder.container(keyedBy: CodingKeys.self)
        try container.encode(kind, forKey: .kind)
    }
}
