// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The policies of the simulated network: that of Deploy/network, then releases of it in which NGOs
// get no good practices, in which warnings stay among the services, and the first again.

import Foundation
import WiciCore

extension Country {
    static let policyCount = 4

    /// The chain of policies, each naming the digest of the one before.
    static func policies(_ text: String, _ authority: NoteSigner) throws -> [Released<Policy>] {
        let variants = [
            text,
            try narrowed(text, grant: "G15"),
            try narrowed(try narrowed(text, grant: "G15"), grant: "G5"),
            text,
        ]
        var chain: [Released<Policy>] = []
        for (place, variant) in variants.enumerated() {
            let previous = chain.last.map { $0.digest.hexadecimal } ?? "none"
            let dated =
                variant
                .replacingOccurrences(of: "\nrelease: 1\n", with: "\nrelease: \(place + 1)\n")
                .replacingOccurrences(of: "\nprevious: none\n", with: "\nprevious: \(previous)\n")
            let note = try authority.note(text: dated).bytes
            chain.append(Released(document: try Policy.recorded(note: note), note: note))
        }
        return chain
    }

    /// The text with one grant to anybody narrowed to police and voivodeship offices.
    private static func narrowed(_ text: String, grant: String) throws -> String {
        guard let start = text.range(of: "- id: \(grant)\n"),
            let place = text.range(of: "to: any", range: start.upperBound..<text.endIndex)
        else { throw CountryError.malformed("grant \(grant)") }
        return text.replacingCharacters(in: place, with: "to: [police, voivodeship-office]")
    }
}
