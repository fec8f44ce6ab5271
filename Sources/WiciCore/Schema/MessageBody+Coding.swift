// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Message bodies in and out of bytes and JSON, with limits before anything is allocated.

public import Foundation
import SwiftProtobuf

/// Why a message body could not be read.
public enum BodyError: Error, Hashable, Sendable {
    /// There is no message type of this name.
    case unknownType
    /// More than `MessageBody.maximumBytes`.
    case tooLarge
    /// Not protobuf bytes of the type, or more fields than any message needs.
    case malformed
    /// Not JSON.
    case unreadable(PlainValueError)
    /// JSON whose names or types do not fit the schema.
    case faults([Fault])

    /// The code on the wire.
    public var refusal: RefusalCode {
        switch self {
        case .unknownType, .malformed, .unreadable, .faults: .schemaFault
        case .tooLarge: .bodyTooLarge
        }
    }
}

extension MessageBody {
    /// Largest body, in bytes (256 KiB).
    public static let maximumBytes = 256 * 1024

    /// The schema of the message's type.
    public var schema: MessageSchema? { MessageSchema.named(type) }

    /// Decodes the protobuf bytes of a message of a type, whatever their faults.
    public init(type: String, bytes: Data) throws(BodyError) {
        // Also bounds what the decoder may be asked to make.
        _ = try Validator.current.check(bytes: bytes, type: type, beside: nil)
        var options = BinaryDecodingOptions()
        options.messageDepthLimit = 8
        let body: MessageBody?
        do {
            body = try Self.decode(type: type, bytes: bytes, options: options)
        } catch {
            throw .malformed
        }
        guard let body else { throw .unknownType }
        self = body
    }

    /// Decodes the JSON of a message of a type, in protobuf's JSON mapping.
    public init(type: String, json: Data) throws(BodyError) {
        guard json.count <= PlainValue.maximumBytes else { throw .tooLarge }
        let value: PlainValue
        do throws(PlainValueError) {
            value = try PlainValue(json: json)
        } catch {
            throw .unreadable(error)
        }
        let (body, faults) = try Self.read(type: type, value)
        guard faults.isEmpty else { throw .faults(faults) }
        self = body
    }

    /// Reads a body from plain data; what does not fit the schema is left out and reported.
    static func read(
        type: String,
        _ value: PlainValue
    ) throws(BodyError) -> (body: MessageBody, faults: [Fault]) {
        guard let schema = MessageSchema.named(type) else { throw .unknownType }
        var reader = BodyReader()
        let fitting = reader.read(value, as: schema, at: "")
        let body: MessageBody?
        do {
            body = try decode(
                type: type,
                json: Data(fitting.json().utf8),
                options: JSONDecodingOptions()
            )
        } catch {
            throw .malformed
        }
        guard let body else { throw .unknownType }
        return (body, reader.faults)
    }

    /// The protobuf bytes.
    public func bytes() throws(BodyError) -> Data {
        do {
            return try message.serializedBytes()
        } catch {
            throw .malformed
        }
    }

    /// Protobuf's JSON mapping: names in lower camel case, fields without value left out.
    public func json() throws(BodyError) -> String {
        do {
            return try message.jsonString()
        } catch {
            throw .malformed
        }
    }
}
