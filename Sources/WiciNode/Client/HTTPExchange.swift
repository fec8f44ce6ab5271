// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// One HTTP/1.1 request and its answer over a connection to this machine.

import Foundation
import NIOCore
import NIOHTTP1
import NIOPosix
import WiciCore

/// Sends requests to one address.
struct HTTPExchange: Sendable {
    let address: NodeConfiguration.APIAddress
    let authorization: String
    let timeout: Duration

    /// The largest answer that is read, in bytes: a thousand ledger entries with their records.
    static let answerLimit = 64 << 20

    /// Sends a request and gives the body of a successful answer.
    ///
    /// - Parameter extraTime: How much longer than usual the answer may take.
    func send(
        _ method: HTTPMethod,
        _ path: String,
        body: Data = Data(),
        extraTime: Duration = .zero
    ) async throws(NodeError) -> Data {
        let loop = MultiThreadedEventLoopGroup.singleton.next()
        let promise = loop.makePromise(of: NIOHTTPClientResponseFull.self)
        let channel: any Channel
        do {
            channel = try await connect(on: loop, answering: promise)
        } catch {
            // Nobody waits for it, but a promise must be kept.
            promise.fail(error)
            throw NodeError(.nodeUnreachable)
        }
        let deadline = loop.scheduleTask(in: TimeAmount(timeout + extraTime)) {
            promise.fail(NodeError(.nodeSilent))
        }
        promise.futureResult.whenComplete { _ in
            deadline.cancel()
            channel.close(promise: nil)
        }
        write(method, path, body, to: channel)
        let answer: NIOHTTPClientResponseFull
        do {
            answer = try await withTaskCancellationHandler {
                try await promise.futureResult.get()
            } onCancel: {
                channel.close(promise: nil)
            }
        } catch let error as NodeError {
            throw error
        } catch {
            throw NodeError(.nodeUnreachable)
        }
        return try content(of: answer)
    }

    /// Connects with every handler in its place before the first byte or the loss of the connection:
    /// a node that dies just then is noticed at once and not when the time is over.
    private func connect(
        on loop: any EventLoop,
        answering promise: EventLoopPromise<NIOHTTPClientResponseFull>
    ) async throws -> any Channel {
        let bootstrap = ClientBootstrap(group: loop)
            .connectTimeout(TimeAmount(timeout))
            .channelInitializer { channel in
                channel.eventLoop.makeCompletedFuture {
                    let pipeline = channel.pipeline.syncOperations
                    try pipeline.addHTTPClientHandlers()
                    try pipeline.addHandlers([
                        NIOHTTPClientResponseAggregator(maxContentLength: Self.answerLimit),
                        AnswerReceiver(promise: promise),
                    ])
                }
            }
        switch address {
        case .unixSocket(let path):
            return try await bootstrap.connect(unixDomainSocketPath: path).get()
        case .loopback(let port):
            return try await bootstrap.connect(host: "127.0.0.1", port: port).get()
        }
    }

    private func write(
        _ method: HTTPMethod,
        _ path: String,
        _ body: Data,
        to channel: any Channel
    ) {
        var headers = HTTPHeaders([
            ("Host", "localhost"), ("Authorization", authorization), ("Connection", "close"),
        ])
        if method != .GET { headers.add(name: "Content-Length", value: String(body.count)) }
        let head = HTTPRequestHead(version: .http1_1, method: method, uri: path, headers: headers)
        channel.write(HTTPClientRequestPart.head(head), promise: nil)
        if !body.isEmpty {
            channel.write(
                HTTPClientRequestPart.body(.byteBuffer(ByteBuffer(bytes: body))),
                promise: nil
            )
        }
        // An answer may come before the whole body is taken, so only the answer or the loss of the
        // connection decides.
        channel.writeAndFlush(HTTPClientRequestPart.end(nil), promise: nil)
    }

    private func content(of answer: NIOHTTPClientResponseFull) throws(NodeError) -> Data {
        let bytes = answer.body.map { Data($0.readableBytesView) } ?? Data()
        guard (200..<300).contains(answer.head.status.code) else {
            guard let error = try? NodeJSON.decoder().decode(NodeError.self, from: bytes) else {
                throw NodeError(.answerUnreadable)
            }
            throw error
        }
        return bytes
    }
}

/// Hands the one answer of a connection over.
private final class AnswerReceiver: ChannelInboundHandler {
    typealias InboundIn = NIOHTTPClientResponseFull

    private let promise: EventLoopPromise<NIOHTTPClientResponseFull>

    init(promise: EventLoopPromise<NIOHTTPClientResponseFull>) {
        self.promise = promise
    }

    func channelRead(context: ChannelHandlerContext, data: NIOAny) {
        promise.succeed(unwrapInboundIn(data))
    }

    func errorCaught(context: ChannelHandlerContext, error: any Error) {
        promise.fail(error)
        context.close(promise: nil)
    }

    func channelInactive(context: ChannelHandlerContext) {
        promise.fail(NodeError(.nodeUnreachable))
        context.fireChannelInactive()
    }
}
