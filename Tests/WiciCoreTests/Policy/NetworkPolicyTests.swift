// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

import Foundation
import Testing

@testable import WiciCore

/// The policy of Deploy/network holds what it says of itself.
struct NetworkPolicyTests {
    @Test func `the network's policy has no fatal finding`() throws {
        let findings = try NetworkFiles.policy().findings()
        #expect(findings.filter(\.isFatal).map { $0.error.description } == [])
    }

    @Test func `no grant of the network's policy is shadowed`() throws {
        let findings = try NetworkFiles.policy().findings()
        for finding in findings {
            if case .grantShadowed(let id) = finding { Issue.record("\(id) is shadowed") }
        }
    }

    @Test func `the network's policy covers every type and is checked at length`() throws {
        let policy = try NetworkFiles.policy()
        #expect(policy.grants.count >= 20)
        #expect(policy.checks.count >= 40)
        #expect(policy.nevers.count >= 4)
        #expect(Set(policy.grants.flatMap(\.types)) == Set(policy.words.types.indices))
        #expect(policy.words.types.count == 18)
    }

    @Test func `every rule that is left out of the network's policy turns a check red`() throws {
        let whole = try NetworkFiles.policy()
        for place in whole.grants.indices {
            var policy = whole
            let id = policy.grants.remove(at: place).id
            #expect(policy.checks.contains { !$0.holds(in: policy) }, "without \(id)")
        }
        for place in whole.nevers.indices {
            var policy = whole
            let id = policy.nevers.remove(at: place).id
            #expect(policy.checks.contains { !$0.holds(in: policy) }, "without \(id)")
        }
    }

    @Test func `seven teams stand with their dates and the disputed one is flagged`() throws {
        let teams = try NetworkFiles.membership().teams
        let dates = Dictionary(uniqueKeysWithValues: teams.map { ($0.region.text, $0.since?.text) })
        #expect(
            dates == [
                "PL-14": "2010-10", "PL-08": "2014-05-19", "PL-06": "2014-10-07",
                "PL-20": "2014-10-07", "PL-32": "2014-11-24", "PL-12": "2014-01-26",
                "PL-24": "2015-02-09",
            ]
        )
        #expect(teams.filter(\.isDisputed).map(\.region.text) == ["PL-12"])
        #expect(teams.first?.since?.precision == .month)
    }
}
