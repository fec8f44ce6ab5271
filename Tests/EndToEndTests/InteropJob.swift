// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Jobs for the programs of Tests/Interop/client: where the hub is, whose keys to use, whom to trust.

import Foundation
import Testing
import WiciCore
import ZeroMQ

@testable import WiciNode

/// A job as Tests/Interop/client/README.md describes it.
struct InteropJob: Encodable {
    struct Keys: Encodable {
        let exchange: String
        let signing: String
        let sealing: String

        init(_ keys: NodeKeys) throws {
            exchange = keys.exchange.withSecretBytes { Self.hexadecimal(Data($0)) }
            signing = Self.hexadecimal(keys.signing.seed)
            sealing = Self.hexadecimal(try #require(keys.sealing.first).rawRepresentation)
        }

        private static func hexadecimal(_ bytes: Data) -> String {
            bytes.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
        }
    }

    struct Authority: Encodable {
        let threshold: Int
        let keys: [String]
    }

    let exchange: String
    let feed: String
    let hub_key: String
    let authority: Authority
    var node: String?
    var keys: Keys?
    var nodes: [String: Keys]?

    private init(_ network: TestNetwork) {
        exchange = network.exchange
        feed = network.feed
        hub_key = network.hubKey.hexadecimal
        authority = Authority(threshold: 2, keys: network.authority.map(\.verifierKey.text))
    }

    /// Writes the job of one member into the network's folder.
    static func write(for institution: String, in network: TestNetwork) throws -> String {
        let member = try network.member(institution)
        var job = InteropJob(network)
        job.node = member.id.text
        job.keys = try Keys(member.keys)
        return try job.write(named: "job-\(institution).json", in: network)
    }

    /// Writes a job with the keys of many members.
    static func write(for institutions: [String], in network: TestNetwork) throws -> String {
        var job = InteropJob(network)
        var nodes: [String: Keys] = [:]
        for institution in institutions {
            let member = try network.member(institution)
            nodes[member.id.text] = try Keys(member.keys)
        }
        job.nodes = nodes
        return try job.write(named: "job-all.json", in: network)
    }

    private func write(named name: String, in network: TestNetwork) throws -> String {
        let file = network.folder.appending(path: name)
        try JSONEncoder().encode(self).write(to: file)
        return file.path
    }
}

extension InteropProgram {
    /// The foreign client in the name of a member, taking steps one by one.
    static func client(_ institution: String, in network: TestNetwork) throws -> InteropProgram {
        let job = try InteropJob.write(for: institution, in: network)
        return try InteropProgram("client/scenario.py", ["--lines", job])
    }

    /// Carries out one step; fails the test when it was not as it must be.
    @discardableResult
    func step(_ json: String) async throws -> PlainValue {
        let result = try await ask(json)
        #expect(result["ok"]?.isTrue == true, "\(result.json(indent: 1))")
        return result
    }
}

extension PlainValue {
    /// Names of an object's members, sorted.
    var names: [String] {
        guard case .object(let members) = self else { return [] }
        return members.map(\.name).sorted()
    }
}
