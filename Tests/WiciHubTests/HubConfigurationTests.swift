// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// hub.yaml: read strictly, and read as it was written.

import Testing
import WiciCore
import WiciHub

struct HubConfigurationTests {
    let configuration: HubConfiguration

    init() throws {
        let signer = try NoteSigner(name: "test-authority", key: SigningKey())
        configuration = HubConfiguration(
            origin: "test: \"ledger\" \\ &one",
            exchange: "tcp://*:5570",
            feed: "tcp://0.0.0.0:5571",
            statusPort: 0,
            authority: AuthorityTrust(threshold: 1, keys: [signer.verifierKey])
        )
    }

    @Test func `a configuration reads back as it was written, whatever signs it holds`() throws {
        #expect(try HubConfiguration(text: configuration.text) == configuration)
    }

    @Test func `a threshold that the keys cannot reach is refused`() throws {
        var unreachable = configuration
        unreachable.authority.threshold = 2
        #expect(throws: DocumentError.self) { try HubConfiguration(text: unreachable.text) }
        unreachable.authority = AuthorityTrust(threshold: 1, keys: [])
        #expect(throws: DocumentError.self) { try HubConfiguration(text: unreachable.text) }
    }
}
