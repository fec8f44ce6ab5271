// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Jobs for the programs of Tests/Interop/client: where the hub is, whose keys to use, whom to trust.
// The programs make their keys and enrolment requests themselves, as Schemas/PROTOCOL.md says.

import Foundation
import NetworkRig
import Testing
import WiciCore
import ZeroMQ

@testable import WiciNode

/// A job as Tests/Interop/client/README.md describes it.
struct InteropJob: Encodable {
    struct Authority: Encodable {
        let threshold: Int
        let keys: [String]
    }

    let exchange: String
    let feed: String
    let hub_key: String
    let authority: Authority
    var node: String?
    /// The file in which the foreign program keeps the node's secret keys.
    var keys: String?
    var nodes: [String: String]?

    private init(_ network: TestNetwork) {
        exchange = network.exchange
        feed = network.feed
        hub_key = network.hubKey.hexadecimal
        authority = Authority(threshold: 2, keys: network.authority.map(\.verifierKey.text))
    }

    /// Writes the job of one foreign node into the network's folder.
    static func write(for node: ForeignNode, in network: TestNetwork) throws -> String {
        var job = InteropJob(network)
        job.node = node.id
        job.keys = node.keys
        return try job.write(named: "job-\(node.id).json", in: network)
    }

    /// Writes a job with the keys of many nodes.
    static func write(for nodes: [ForeignNode], in network: TestNetwork) throws -> String {
        var job = InteropJob(network)
        job.nodes = Dictionary(uniqueKeysWithValues: nodes.map { ($0.id, $0.keys) })
        return try job.write(named: "job-all.json", in: network)
    }

    private func write(named name: String, in network: TestNetwork) throws -> String {
        let file = network.folder.appending(path: name)
        try JSONEncoder().encode(self).write(to: file)
        return file.path
    }
}

/// A node whose keys a foreign program made; this library sees the request alone.
struct ForeignNode: Decodable {
    private let node: String
    private let request: String
    /// The file of its secret keys.
    let keys: String

    var id: String { node }

    /// Has the foreign program make keys and requests for institutions' nodes.
    static func make(
        for institutions: [String],
        in network: TestNetwork
    ) async throws -> [ForeignNode] {
        let arguments = institutions.flatMap { ["\($0).main", $0] }
        let (status, output) = try await InteropProgram(
            "client/wici_client.py",
            ["enrol", network.folder.path] + arguments
        ).finish()
        #expect(status == 0)
        return try JSONDecoder().decode([ForeignNode].self, from: output)
    }

    /// Its request, the proof of possession verified.
    func enrolmentRequest() throws -> EnrolmentRequest {
        try EnrolmentRequest(note: Data(contentsOf: URL(filePath: request)))
    }
}

extension TestNetwork {
    /// The authority adds foreign nodes from their requests.
    func enrol(_ nodes: [ForeignNode]) throws {
        let today = WarsawTime.date(at: Node.systemTime())
        try release { contents in
            for node in nodes {
                try contents.enrol(node.enrolmentRequest(), validity: Validity(from: today))
            }
        }
    }
}

extension InteropProgram {
    /// The foreign client as one of its nodes, taking steps one by one.
    static func client(_ node: ForeignNode, in network: TestNetwork) throws -> InteropProgram {
        let job = try InteropJob.write(for: node, in: network)
        return try InteropProgram("client/scenario.py", ["--lines", job])
    }

    /// The foreign client of an institution, enrolled.
    static func member(
        _ institution: String,
        in network: TestNetwork
    ) async throws -> InteropProgram {
        let nodes = try await ForeignNode.make(for: [institution], in: network)
        try network.enrol(nodes)
        return try client(try #require(nodes.first), in: network)
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
