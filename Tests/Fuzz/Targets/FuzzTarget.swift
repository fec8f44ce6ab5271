// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What a fuzz target is: a name, the longest input worth trying, and a check that must come to its
// end for every input there is. libFuzzer calls the checks through EntryPoint.swift; the tests replay
// the corpus through them without libFuzzer.

package import Foundation

/// One parser of outside bytes, and what must hold whatever the bytes are.
package struct FuzzTarget: Sendable {
    /// The name of the target and of its folder in the corpus.
    package let name: String
    /// Bytes of the longest input that is tried.
    package let longestInput: Int
    /// Hands the bytes to the parser; whatever it throws is a finding.
    package let check: @Sendable (Data) throws -> Void

    init(
        _ name: String,
        longestInput: Int,
        check: @escaping @Sendable (Data) throws -> Void
    ) {
        self.name = name
        self.longestInput = longestInput
        self.check = check
    }

    /// Every target, one for each kind of outside bytes.
    package static let all = [
        hubPacket, nodePacket, delivery, envelope, header, body, sealedBody, signedNote, registry,
        enrolment, policy, vocabulary, checkpoint, proof, configuration, request, identifiers,
        export,
    ]

    /// The target of a name.
    package static func named(_ name: String) -> FuzzTarget? { all.first { $0.name == name } }
}

/// A property that an input broke.
package struct FuzzFinding: Error, Hashable, Sendable, CustomStringConvertible {
    /// What should have held.
    package let description: String

    init(_ description: String) { self.description = description }
}

/// Breaks off with a finding when a property does not hold.
func require(
    _ condition: Bool,
    _ property: @autoclosure () -> String
) throws(FuzzFinding) {
    guard condition else { throw FuzzFinding(property()) }
}

/// What a fixture needs and has; its absence is a mistake in the fixture.
func known<Value>(_ value: Value?) throws(FuzzFinding) -> Value {
    guard let value else { throw FuzzFinding("a fixture is malformed") }
    return value
}
