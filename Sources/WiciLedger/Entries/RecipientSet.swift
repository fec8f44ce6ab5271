// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Who receives a message. Sets are stored once and shared: a record names its sets by their places,
// so that its size does not grow with its number of recipients.

public import Foundation
import SwiftProtobuf
public import WiciCore

/// An immutable set of recipients with the rules that allow each.
///
/// Two sets are equal when their serialized bytes are; hashing takes one word of the digest.
public final class RecipientSet: Sendable, Hashable {
    /// The set as it stands on the wire.
    public let wire: WireRecipientSet
    /// The recipients in the order of the wire; text that is no node id is left out.
    public let nodes: [NodeID]
    /// The serialized bytes.
    public let bytes: Data
    /// SHA-256 of the serialized bytes.
    public let digest: Digest

    /// Serializes a set.
    ///
    /// A set of strings and flags always serializes; bytes that could not be made would be empty
    /// and so be the set without recipients, which grants nothing.
    public convenience init(_ wire: WireRecipientSet) {
        self.init(wire: wire, bytes: (try? wire.serializedData()) ?? Data())
    }

    /// Reads a stored set, keeping the bytes as they are; nil when they are no recipient set.
    public convenience init?(bytes: Data) {
        guard let wire = try? WireRecipientSet(serializedBytes: bytes) else { return nil }
        self.init(wire: wire, bytes: bytes)
    }

    private init(wire: WireRecipientSet, bytes: Data) {
        self.wire = wire
        self.nodes = wire.recipients.compactMap { NodeID($0.node) }
        self.bytes = bytes
        self.digest = Digest(sha256Of: bytes)
    }

    /// Ids of the rules that allow this node; empty when it is not in the set.
    public func rules(for node: NodeID) -> [String] {
        wire.recipients.first { $0.node == node.text }?.rules ?? []
    }

    /// Compares the bytes by their digests.
    public static func == (left: RecipientSet, right: RecipientSet) -> Bool {
        left === right || left.digest == right.digest
    }

    /// Hashes the digest.
    public func hash(into hasher: inout Hasher) {
        hasher.combine(digest)
    }
}
