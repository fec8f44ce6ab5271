// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The validator: holds a message body against the rules that its .proto file states and reports
// every fault at once. The same code runs at the sender, at the hub for plain bodies, and at the
// recipient for sealed ones.

public import Foundation

/// What checking a message body found.
public struct BodyReport: Hashable, Sendable {
    /// Everything that is wrong, at most a hundred faults and a closing one that says so.
    public let faults: [Fault]
    /// The codes that the header must name as topics, in the order of the body, at most 16.
    public let topics: [String]
}

/// Checks message bodies against their schemas.
///
/// A value that is cheap to copy and safe to share.
public struct Validator: Sendable {
    private let checks: [String: CompiledMessage]
    let forms: ValueForms

    /// Most topics in a header.
    public static let maximumTopics = 16

    /// The validator of this release's schemas and vocabulary.
    public static let current: Validator = {
        do throws(SchemaError) {
            return try Validator(schemas: MessageSchema.all, vocabulary: .current)
        } catch {
            preconditionFailure("The embedded schemas are broken: \(error)")
        }
    }()

    /// Compiles schemas; refuses rules that name fields which do not exist.
    public init(schemas: [MessageSchema], vocabulary: Vocabulary) throws(SchemaError) {
        var checks: [String: CompiledMessage] = [:]
        for schema in schemas {
            checks[schema.type] = try CompiledMessage(schema, vocabulary: vocabulary)
        }
        self.checks = checks
        self.forms = ValueForms(vocabulary: vocabulary)
    }

    func compiled(_ type: String) -> CompiledMessage? {
        checks[type]
    }

    /// Checks a body against the rules of its type, and beside its header also against those that
    /// depend on the header's labels.
    public func check(_ body: MessageBody, beside header: WireHeader? = nil) -> BodyReport {
        do throws(BodyError) {
            return try check(bytes: try body.bytes(), type: body.type, beside: header)
        } catch {
            return BodyReport(faults: [.unknownField(at: "")], topics: [])
        }
    }

    /// Checks the bytes of a plain body without decoding it; the header names its type.
    public func check(bytes: Data, beside header: WireHeader) throws(BodyError) -> BodyReport {
        try check(bytes: bytes, type: header.type, beside: header)
    }

    func check(
        bytes: Data,
        type: String,
        beside header: WireHeader?
    ) throws(BodyError) -> BodyReport {
        guard bytes.count <= MessageBody.maximumBytes else { throw .tooLarge }
        guard let check = checks[type] else { throw .unknownType }
        var (faults, topics) = try bytes.withUnsafeBytes { bytes in
            Result { () throws(BodyError) in
                try BodyScan.findings(in: bytes, check, forms: forms, beside: header)
            }
        }.get()
        if faults.count >= BodyFindings.maximumFaults { faults.append(.moreFaults) }
        return BodyReport(faults: faults, topics: Array(topics.prefix(Self.maximumTopics)))
    }
}
