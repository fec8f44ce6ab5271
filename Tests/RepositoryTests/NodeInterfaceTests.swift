// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Schemas/NODE-API.md is what other systems are written against, so it names exactly the routes and
// metrics that the sources do. Both are read as text.

import Foundation
import Testing

struct NodeInterfaceTests {
    private static let document = "Schemas/NODE-API.md"

    private static func text(_ path: String) throws -> String {
        try String(contentsOf: HouseRuleTests.root.appending(path: path), encoding: .utf8)
    }

    /// The routes that a source file registers, as `GET /v1/messages/ID`.
    private static func routes(registeredIn path: String) throws -> Set<String> {
        let call = #/(router|group)\.(get|head|post|put|patch|delete)\("([^"]+)"\)/#
        return Set(
            try text(path).matches(of: call).map { match in
                let folder = match.1 == "group" ? "/v1/" : "/"
                return match.2.uppercased() + " " + folder + match.3.replacing(":id", with: "ID")
            }
        )
    }

    /// The routes whose headings begin with a mark.
    private static func routes(documentedWith mark: String) throws -> Set<String> {
        Set(
            try text(document).split(separator: "\n")
                .filter { $0.hasPrefix(mark) && $0.hasSuffix("`") }
                .map { String($0.dropFirst(mark.count).dropLast()) }
        )
    }

    @Test
    func `the node's interface and its document name the same routes`() throws {
        let source = "Sources/WiciNode/API/APIRoutes.swift"
        #expect(try Self.text(source).contains("let group = router.group(\"v1\")"))
        let routes = try Self.routes(registeredIn: source)
        #expect(routes.count > 10)
        #expect(routes == (try Self.routes(documentedWith: "### `")))
    }

    @Test
    func `the hub's page and its document name the same routes`() throws {
        let routes = try Self.routes(
            registeredIn: "Sources/WiciHub/Daemon/StatusServer.swift"
        )
        #expect(routes.count > 2)
        #expect(routes == (try Self.routes(documentedWith: "### Hub: `")))
    }

    @Test
    func `the metrics of node and hub and their document name the same numbers`() throws {
        let node = try Self.text("Sources/WiciNode/API/NodeMetrics.swift")
        let hub = try Self.text("Sources/WiciHub/Daemon/StatusServer.swift")
        let typed = #/# TYPE (wici_[a-z_]+) /#
        var named = Set((node + hub).matches(of: typed).map { String($0.1) })
        named.formUnion(node.matches(of: #/metric\(\s*"([a-z_]+)"/#).map { "wici_node_\($0.1)" })
        named.formUnion(hub.matches(of: #/metric\(\s*"(wici_[a-z_]+)"/#).map { String($0.1) })
        named.remove("wici_node_")
        #expect(named.count > 15)
        let row = #/\| `(wici_[a-z_]+)` \|/#
        let documented = Set(try Self.text(Self.document).matches(of: row).map { String($0.1) })
        #expect(named == documented)
    }
}
