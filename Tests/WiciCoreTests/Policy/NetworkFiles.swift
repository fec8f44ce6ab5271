// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The example network's files, and a registry over its institutions with keys made for the test.

import Foundation
import WiciCore

enum NetworkFiles {
    static let folder = URL(filePath: #filePath)
        .deletingLastPathComponent().deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent().appending(path: "Deploy/network")

    static func text(_ name: String) throws -> String {
        try String(contentsOf: folder.appending(path: name), encoding: .utf8)
    }

    static func policy() throws -> Policy { try Policy(text: text("policy.yaml")) }

    static func membership() throws -> MembershipText {
        try MembershipText(text: text("institutions.yaml"))
    }

    static let today = CivilDate("2026-12-01") ?? CivilDate(daysSinceEpoch: 0)

    /// One node for each institution, named like it with `.main`.
    static func registry() throws -> Registry {
        let membership = try membership()
        var fixture = RegistryFixture()
        fixture.contents.teams = membership.teams
        fixture.contents.institutions = membership.institutions
        fixture.contents.nodes = membership.institutions.enumerated().map { index, institution in
            fixture.node("\(institution.id).main", of: institution.id.text, number: index)
        }
        return Registry(contents: fixture.contents, digest: .zero)
    }
}
