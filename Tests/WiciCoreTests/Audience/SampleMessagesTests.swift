// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

import Foundation
import Testing
import Yams

@testable import WiciCore

/// Every sample message of the example network can be sent under its policy.
struct SampleMessagesTests {
    static let files: [String] =
        ((try? FileManager.default.contentsOfDirectory(
            atPath: NetworkFiles.folder.appending(path: "messages").path()
        )) ?? []).filter { $0.hasSuffix(".yaml") }.sorted()

    @Test func `there are samples of all eighteen types`() throws {
        let types = try Self.files.map { file in
            try Yams.compose(yaml: NetworkFiles.text("messages/\(file)"))?["type"]?.string
        }
        #expect(Set(types).count == 18)
    }

    @Test(arguments: files)
    func `somebody is eligible for each sample and everybody named is`(file: String) throws {
        let document = try Yams.compose(yaml: NetworkFiles.text("messages/\(file)"))
        let draft = try #require(document)
        let registry = try NetworkFiles.registry()
        let facts = try Self.facts(of: draft)
        let eligibility = Eligibility.of(
            facts,
            registry: registry,
            policy: try NetworkFiles.policy(),
            on: NetworkFiles.today
        )
        let help = eligibility.refusal.map { "\($0.code) \($0.field) \($0.help?.english ?? "")" }
        #expect(help == nil)
        let named = facts.selector.institutions + facts.selector.roles.map(\.institution)
        let set = try #require(eligibility.set)
        #expect(Set(named).isSubset(of: Set(set.institutions)))
        #expect(!set.contains(facts.sender))
    }

    /// A demonstration issues the policy on its own day; here on 122 days of the next ten years.
    @Test func `the example policy lets every sample go on any day of the next ten years`() throws {
        let facts = try Self.files.map { file in
            let document = try Yams.compose(yaml: NetworkFiles.text("messages/\(file)"))
            return try Self.facts(of: #require(document))
        }
        let registry = try NetworkFiles.registry()
        let text = try NetworkFiles.text("policy.yaml")
        for step in 0..<122 {
            let issued = NetworkFiles.today.adding(days: step * 30)
            let policy = try Policy(text: Policy.text(text, issuedOn: issued))
            #expect(policy.checks.allSatisfy { $0.holds(in: policy) }, "\(issued)")
            let last = issued.adding(days: 365)
            #expect(policy.issued == issued && policy.expires == last)
            for facts in facts {
                let eligibility = Eligibility.of(
                    facts,
                    registry: registry,
                    policy: policy,
                    on: step % 2 == 0 ? issued : last
                )
                #expect(eligibility.refusal == nil, "\(facts.type) on \(issued)")
            }
        }
    }

    /// The labels that a draft gets: those it names, else the defaults of its type.
    private static func facts(of draft: Node) throws -> RoutingFacts {
        func words(_ key: String) -> [String] {
            draft["to"]?[key]?.array().compactMap(\.string) ?? []
        }
        let type = try #require(draft["type"]?.string)
        let from = try #require(draft["from"]?.string)
        let marking = try #require(Marking(label: draft["marking"]?.string ?? ""))
        let level = try #require(DataLevel(rawValue: draft["data-level"]?.string ?? "none"))
        let subject = draft["data-subject"]?.string.flatMap(DataSubject.init(rawValue:))
        let isLaw = ["kwp", "nosg", "po-", "kgp", "kgsg"].contains { from.hasPrefix($0) }
        return RoutingFacts(
            sender: RegistryFixture.id("\(from).main"),
            type: type,
            marking: marking,
            data: try #require(PersonalData(level: level, subject: subject)),
            purpose: draft["purpose"]?.string ?? MessageDraft.defaultPurpose(of: type),
            regime: isLaw ? .led : .gdpr,
            status: .actual,
            isSealed: marking >= .amberStrict || level > .none,
            selector: MessageSelector(
                regions: words("regions").compactMap(RegionCode.init),
                kinds: words("kinds").compactMap(Code.init),
                teams: words("teams").compactMap(TeamID.init),
                institutions: words("institutions").compactMap(InstitutionID.init),
                roles: words("roles").compactMap(RoleAddress.init)
            )
        )
    }
}
