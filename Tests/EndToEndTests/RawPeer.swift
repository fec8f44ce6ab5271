// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A member, or a stranger, that says what it likes: packets and bytes of the test's own making on a
// real connection, with none of the care that `Node` takes.

import Foundation
import NetworkRig
import SwiftProtobuf
import WiciCore
import ZeroMQ

@testable import WiciHub
@testable import WiciNode

/// What a hub answers to one frame.
enum RawAnswer: Sendable, Equatable, CustomStringConvertible {
    case receipt(repeated: Bool)
    case refused(String)
    case packet(String)
    case refusedKey(status: Int)
    case lost
    case silence

    var description: String {
        switch self {
        case .receipt(let repeated): repeated ? "receipt, repeated" : "receipt"
        case .refused(let name): "refused: \(name)"
        case .packet(let kind): "packet \(kind)"
        case .refusedKey(let status): "key refused with \(status)"
        case .lost: "connection lost"
        case .silence: "silence"
        }
    }
}

/// One connection in the hands of its thread.
struct RawConversation: ~Copyable {
    private var connection: ExchangeConnection
    /// Every delivery that came, in order.
    private(set) var deliveries: [WireDelivery] = []
    /// The last refusal, of a message or a packet.
    private(set) var lastRefusal = WireRefusal()
    /// The last receipt.
    private(set) var lastReceipt = WireReceipt()

    init(_ connection: consuming ExchangeConnection) {
        self.connection = connection
    }

    borrowing func send(_ content: WirePacket.OneOf_Content) throws {
        try connection.send(content)
    }

    /// Says hello; the answer is a welcome or a refusal.
    mutating func hello(
        window: UInt64 = 1_000,
        versions: ClosedRange<UInt32> = 1...1,
        within limit: Duration = .seconds(15)
    ) throws -> RawAnswer {
        var hello = WireHello()
        hello.versionMin = versions.lowerBound
        hello.versionMax = versions.upperBound
        hello.windowEnd = window
        return try ask(frame: .packet(.hello(hello)), within: limit)
    }

    mutating func ask(_ content: WirePacket.OneOf_Content) throws -> RawAnswer {
        try ask(frame: .packet(content))
    }

    /// Sends one frame and takes the answer; deliveries and updates on the way are no answer.
    mutating func ask(frame: Data, within limit: Duration = .seconds(15)) throws -> RawAnswer {
        try connection.send(frame: frame)
        return try answer(within: limit)
    }

    /// The next answer or event of the connection.
    mutating func answer(within limit: Duration = .seconds(15)) throws -> RawAnswer {
        let clock = ContinuousClock()
        let deadline = clock.now.advanced(by: limit)
        while clock.now < deadline {
            while let arrival = try connection.takeArrival() {
                switch arrival {
                case .lost: return .lost
                case .refusedKey(let status): return .refusedKey(status: status)
                case .frame(let bytes):
                    if let answer = try read(bytes) { return answer }
                }
            }
            try connection.wait(min(clock.now.duration(to: deadline), .milliseconds(200)))
        }
        return .silence
    }

    /// Everything that comes until a ping is answered.
    mutating func roundTrip() throws {
        var ping = WirePing()
        ping.nonce = 77
        let answer = try ask(.ping(ping))
        guard answer == .packet("pong") else {
            throw TestNetwork.Failure("no pong but \(answer)")
        }
    }

    private mutating func read(_ bytes: Data) throws -> RawAnswer? {
        switch try WirePacket(serializedBytes: bytes).content {
        case .deliveries(let deliveries):
            self.deliveries += deliveries.deliveries
            return deliveries.request == 0 ? nil : .packet("deliveries")
        case .update, .none: return nil
        case .receipts(let signed):
            let receipts = try WireReceipts(serializedBytes: signed.receipts)
            guard let receipt = receipts.receipts.last, let outcome = receipt.outcome else {
                return nil
            }
            lastReceipt = receipt
            switch outcome {
            case .accepted(let accepted): return .receipt(repeated: accepted.repeated)
            case .refusal(let refusal):
                lastRefusal = refusal
                return .refused(refusal.name)
            }
        case .refused(let refused):
            lastRefusal = refused.refusal
            return .refused(refused.refusal.name)
        case .welcome: return .packet("welcome")
        case .subscribed: return .packet("subscribed")
        case .pong: return .packet("pong")
        case .ledgerPage: return .packet("ledger page")
        case .proof: return .packet("proof")
        default: return .packet("unexpected")
        }
    }
}

/// A connection on a thread of its own, which carries out what the test asks.
final class RawPeer: Sendable {
    private typealias Job = @Sendable (inout RawConversation) -> Void
    private let jobs = Handoff<Job?>()

    /// Connects with a key pair of the test's choice to a hub of its choice.
    init(endpoint: String, hub: CurvePublicKey, keys: CurveKeyPair) {
        let jobs = jobs
        let thread = Thread {
            guard let context = try? Context(),
                let connection = try? ExchangeConnection(
                    to: endpoint,
                    hub: hub,
                    keys: keys,
                    in: context,
                    maxReconnectInterval: .milliseconds(200)
                )
            else { return }
            var conversation = RawConversation(connection)
            while true {
                for job in jobs.takeAll() {
                    guard let job else { return }
                    job(&conversation)
                }
            }
        }
        thread.stackSize = 4 << 20
        thread.start()
    }

    convenience init(_ member: TestNetwork.Member) {
        self.init(
            endpoint: member.configuration.hubEndpoint,
            hub: member.configuration.hubKey,
            keys: member.keys.exchange
        )
    }

    deinit { jobs.give(nil) }

    /// Does something with the connection, on its thread.
    func perform<Value: Sendable>(
        _ body: @escaping @Sendable (inout RawConversation) throws -> Value
    ) async throws -> Value {
        try await withCheckedThrowingContinuation { continuation in
            jobs.give { conversation in
                do {
                    continuation.resume(returning: try body(&conversation))
                } catch {
                    continuation.resume(throwing: error)
                }
            }
        }
    }
}
