// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The answerer of ZAP (ZeroMQ RFC 27): decides for every new CURVE connection in a context who it
// is. It has its own thread, because a slow answer holds up every login.

import Dispatch
import Foundation

/// One question: may the holder of this key come in.
public struct ZAPRequest: Sendable, Hashable {
    /// The domain of the server socket.
    public let domain: String
    /// The IP address of the peer.
    public let address: String
    /// The key that the peer has proved to hold.
    public let clientKey: CurvePublicKey
}

/// The answer to a `ZAPRequest`.
public enum ZAPAnswer: Sendable, Hashable {
    /// Let it in; every message of the connection carries this user.
    case accept(userID: String)
    /// Refuse with 400: a client of this library gives up for good.
    case refuse
    /// Refuse with 300: the client tries again later, without making a new socket.
    ///
    /// The library may hold the refused connection until the server's handshake interval is over,
    /// so that interval is how long the client waits.
    case retryLater
}

/// Answers ZAP for all sockets of a context.
///
/// Make it before any server socket: a handler that is not there cannot refuse. The closure runs
/// on the handler's thread and must answer from memory at once.
public final class ZAPHandler: Sendable {
    private let stopSignal: WakeSignal
    private let finished = DispatchSemaphore(value: 0)
    private let stopped = Flag()

    /// The endpoint that the library asks.
    public static let endpoint = "inproc://zeromq.zap.01"

    /// Binds the endpoint and starts to answer.
    ///
    /// - Throws: `ZeroMQError` when the context already has a handler, or no socket can be made.
    public init(
        context: Context,
        answer: @escaping @Sendable (ZAPRequest) -> ZAPAnswer
    ) throws(ZeroMQError) {
        let signal = try WakeSignal()
        stopSignal = signal
        let started = StartResult()
        let finished = finished
        let thread = Thread {
            Self.run(context: context, stop: signal, started: started, answer: answer)
            finished.signal()
        }
        thread.name = "zap"
        thread.start()
        if let error = started.wait() {
            finished.wait()
            stopped.raise()
            throw error
        }
    }

    deinit { stop() }

    /// Stops answering and waits for the thread to end.
    ///
    /// From then on every new connection to a socket that enforces its domain is refused.
    public func stop() {
        guard stopped.raise() else { return }
        stopSignal.signal()
        finished.wait()
    }

    private static func run(
        context: Context,
        stop: WakeSignal,
        started: StartResult,
        answer: @Sendable (ZAPRequest) -> ZAPAnswer
    ) {
        do throws(ZeroMQError) {
            var options = SocketOptions.inProcess
            options.sendHighWaterMark = 0
            options.receiveHighWaterMark = 0
            let socket = try Socket(.rep, in: context, options: options)
            try socket.bind(endpoint)
            started.set(nil)
            var poller = Poller()
            let questions = poller.add(socket)
            let stopping = poller.add(descriptor: stop.descriptor)
            while true {
                try poller.wait(nil)
                if poller.isReadable(stopping) {
                    // Closing alone would free the endpoint only some time later.
                    return try socket.unbind(endpoint)
                }
                guard poller.isReadable(questions), let message = try socket.receive() else {
                    continue
                }
                _ = try socket.send(frames: reply(to: message.frames, answer: answer))
            }
        } catch {
            // Before the start the error goes to the creator. After it only the end of the context
            // can come here, and without an answer every connection is refused.
            started.set(error)
        }
    }

    /// The reply to one question.
    ///
    /// What cannot be read is refused with 500.
    static func reply(
        to frames: [Data],
        answer: (ZAPRequest) -> ZAPAnswer
    ) -> [Data] {
        func text(_ index: Int) -> String { String(decoding: frames[index], as: UTF8.self) }
        func reply(_ code: String, _ status: String, user: String = "") -> [Data] {
            let request = frames.count > 1 ? frames[1] : Data()
            return [Data("1.0".utf8), request]
                + [code, status, user, ""].map { Data($0.utf8) }
        }
        guard frames.count == 7, text(0) == "1.0", text(5) == "CURVE",
            let key = CurvePublicKey(bytes: frames[6])
        else { return reply("500", "Malformed request") }
        let request = ZAPRequest(domain: text(2), address: text(3), clientKey: key)
        switch answer(request) {
        case .accept(let userID) where !userID.isEmpty && userID.utf8.count <= 255:
            return reply("200", "OK", user: userID)
        // A connection without a user would be one without an identity.
        case .accept: return reply("500", "No user")
        case .refuse: return reply("400", "Refused")
        case .retryLater: return reply("300", "Try later")
        }
    }
}
