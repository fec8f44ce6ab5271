// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What stands before every route: the token, and the one form of all errors.

import HTTPTypes
import Hummingbird
import Logging
import WiciCore

/// Checks the token and turns whatever is thrown into the error object.
struct APIGate<Context: RequestContext>: RouterMiddleware {
    let token: APIToken
    let requests: RequestCounter
    let logger: Logger

    /// Paths that tell nothing but numbers and are read by the machine's own supervision.
    private static var openPaths: Set<String> { ["/livez", "/readyz", "/metrics"] }

    func handle(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async throws -> Response {
        let response = await answer(request, context: context, next: next)
        requests.count(status: response.status.code)
        return response
    }

    private func answer(
        _ request: Request,
        context: Context,
        next: (Request, Context) async throws -> Response
    ) async -> Response {
        do {
            if !Self.openPaths.contains(request.uri.path),
                !token.matches(authorization: request.headers[.authorization])
            {
                throw NodeError(.tokenWrong)
            }
            return try await next(request, context)
        } catch let error as NodeError {
            return APIResponses.error(error)
        } catch let error as any HTTPResponseError {
            return APIResponses.error(Self.error(of: error.status))
        } catch {
            // Only the error's type: its text might hold content.
            logger.error(
                "local API request failed",
                metadata: ["error": "\(type(of: error))"]
            )
            return APIResponses.error(NodeError(.unexpected))
        }
    }

    private static func error(of status: HTTPResponse.Status) -> NodeError {
        switch status {
        case .notFound: NodeError(.pathUnknown)
        case .methodNotAllowed: NodeError(.methodUnknown)
        case .contentTooLarge: NodeError(.requestTooLarge)
        default: NodeError(.requestMalformed)
        }
    }
}
