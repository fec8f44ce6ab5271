// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// How answers and errors become HTTP responses.

import Foundation
import HTTPTypes
import Hummingbird
import NIOCore
import WiciCore

/// The responses of the local API.
enum APIResponses {
    /// An answer as JSON.
    static func json(
        _ value: some Encodable,
        status: HTTPResponse.Status = .ok
    ) throws -> Response {
        let bytes = try NodeJSON.encoder().encode(value)
        return response(status, "application/json; charset=utf-8", ByteBuffer(bytes: bytes))
    }

    /// An answer as plain text.
    static func text(_ text: String, status: HTTPResponse.Status = .ok) -> Response {
        response(status, "text/plain; charset=utf-8", ByteBuffer(string: text))
    }

    /// An error as JSON with its status.
    static func error(_ error: NodeError) -> Response {
        do {
            return try json(error, status: status(of: error))
        } catch {
            return text("", status: .internalServerError)
        }
    }

    static func status(of error: NodeError) -> HTTPResponse.Status {
        switch APIProblem(rawValue: error.report.code) {
        case .methodUnknown: return .methodNotAllowed
        case .requestTooLarge: return .contentTooLarge
        default: break
        }
        return switch error.kind {
        case .malformed: .badRequest
        case .invalid: .unprocessableContent
        case .unauthenticated: .unauthorized
        case .refused: .forbidden
        case .notFound: .notFound
        case .offline: .serviceUnavailable
        case .timeout: .gatewayTimeout
        case .busy: .tooManyRequests
        case .integrity, .unreachable: .badGateway
        case .failed: .internalServerError
        }
    }

    private static func response(
        _ status: HTTPResponse.Status,
        _ type: String,
        _ body: ByteBuffer
    ) -> Response {
        var headers = HTTPFields()
        headers[.contentType] = type
        headers[.cacheControl] = "no-store"
        headers[.xContentTypeOptions] = "nosniff"
        return Response(status: status, headers: headers, body: ResponseBody(byteBuffer: body))
    }
}
