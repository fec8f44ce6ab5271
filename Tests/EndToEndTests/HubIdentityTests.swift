// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A hub serves under the registry that names it, and under no other: nodes would find nobody behind the
// exchange key that it names, and could verify nothing by its ledger key.

import Foundation
import NetworkRig
import Testing
import WiciCore

@testable import WiciHub
@testable import WiciNode

@Suite(.timeLimit(.minutes(4)))
struct HubIdentityTests {
    /// What a registry can say wrongly of a hub.
    enum Difference: CaseIterable {
        case exchangeKey
        case ledgerKey

        func apply(to hub: inout HubIdentity) throws {
            switch self {
            case .exchangeKey:
                let key = RawPublicKey(hexadecimal: String(repeating: "ab", count: 32))
                hub.exchangeKey = try #require(key)
            case .ledgerKey:
                hub.ledgerKey = try NoteSigner(name: hub.origin, key: SigningKey()).verifierKey
            }
        }
    }

    @Test(arguments: Difference.allCases)
    func `a registry that names another key for the hub is refused at reload and at start`(
        difference: Difference
    ) async throws {
        let institutions = ["oip-lublin", "kwp-lublin"]
        let network = try TestNetwork(institutions: institutions)
        try await network.startHub()
        try await network.withNodes(institutions) { nodes in
            let error = #expect(throws: HubError.self) {
                try network.release { try difference.apply(to: &$0.hub) }
            }
            #expect(error?.code == .hubKeyDiffers)
            #expect(error?.file == network.hubFolder.registryFile.path)
            // The one before stays in force.
            try await RevocationTests.expectAlertGoesThrough(nodes)
        }
        await network.stopHub()
        let error = await #expect(throws: HubError.self) { try await network.startHub() }
        #expect(error?.code == .hubKeyDiffers)
    }

    @Test
    func `a hub that the registry does not name says so with a code, and so does the doctor`()
        async throws
    {
        let network = try TestNetwork(institutions: ["oip-lublin"])
        try network.folders.release { try Difference.exchangeKey.apply(to: &$0.hub) }
        let path = network.hubFolder.location.path
        let run = try await ProgramRun.run(["hub", "run", path, "--json"], in: network.folder)
        try CommandTests.expectRefusal(run, status: 8, name: "hub-key-differs")
        let doctor = try await ProgramRun.run(["doctor", "--hub", path], in: network.folder)
        #expect(doctor.status == 1, "\(doctor)")
        let sentence = RefusalCode.hubKeyDiffers.sentence
        #expect(doctor.output.contains(sentence.english), "\(doctor)")
    }
}
