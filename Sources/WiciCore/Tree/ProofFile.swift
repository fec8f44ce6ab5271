// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A proof that anyone can check offline, as the text file of C2SP tlog-proof: index, inclusion path
// and the signed checkpoint. File name extension: .tlog-proof.

public import Foundation

/// Why a proof file was refused.
public enum ProofFileError: Error, Hashable, Sendable {
    /// The file is over 128 KiB.
    case tooLarge
    /// Not a proof file, or a line of it is malformed.
    case malformed
    /// The checkpoint in it is refused.
    case note(NoteError)
    /// Index and path do not lead from the leaf to the checkpoint's root.
    case notIncluded
}

/// An inclusion proof with the checkpoint that it leads to (C2SP tlog-proof v1).
public struct ProofFile: Hashable, Sendable {
    /// Bytes for the reader, not authenticated; `nil` when there are none.
    public let extra: Data?
    /// The entry's index.
    public let index: UInt64
    /// Hashes from the leaf's sibling to the root's child.
    public let path: [Digest]
    /// The checkpoint with its signatures.
    public let checkpoint: SignedNote

    private static let header = "c2sp.org/tlog-proof@v1"

    /// Takes the parts.
    public init(extra: Data? = nil, index: UInt64, path: [Digest], checkpoint: SignedNote) {
        self.extra = extra
        self.index = index
        self.path = path
        self.checkpoint = checkpoint
    }

    /// Parses a proof file of at most 128 KiB.
    public init(bytes: some DataProtocol) throws(ProofFileError) {
        guard bytes.count <= 128 * 1024 else { throw .tooLarge }
        guard let text = String(validating: bytes, as: UTF8.self),
            let end = text.utf8.firstRange(of: "\n\n".utf8)
        else { throw .malformed }
        var lines = text.utf8[..<end.lowerBound].split(
            separator: 0x0A,
            omittingEmptySubsequences: false
        ).map { String(decoding: $0, as: UTF8.self) }[...]
        guard lines.popFirst() == Self.header else { throw .malformed }
        var extra: Data?
        if let line = lines.first, line.hasPrefix("extra ") {
            guard let bytes = Data(canonicalBase64: String(line.dropFirst(6))) else {
                throw .malformed
            }
            extra = bytes
            lines = lines.dropFirst()
        }
        guard let line = lines.popFirst(), line.hasPrefix("index "),
            let index = UInt64(canonicalDecimal: line.dropFirst(6)),
            lines.count <= InclusionProof.longestPath
        else { throw .malformed }
        var path: [Digest] = []
        for line in lines {
            guard let bytes = Data(canonicalBase64: line), let hash = Digest(bytes: bytes) else {
                throw .malformed
            }
            path.append(hash)
        }
        let rest = Data(text.utf8[end.upperBound...])
        do throws(NoteError) {
            self.checkpoint = try SignedNote(bytes: rest, limits: .checkpoint)
        } catch {
            throw .note(error)
        }
        self.extra = extra
        self.index = index
        self.path = path
    }

    /// The file's bytes.
    public var bytes: Data {
        var lines = [Self.header]
        if let extra {
            lines.append("extra \(extra.base64EncodedString())")
        }
        lines.append("index \(index)")
        lines += path.map { $0.data.base64EncodedString() }
        return Data((lines.joined(separator: "\n") + "\n\n").utf8) + checkpoint.bytes
    }

    /// Verifies the checkpoint's signature and the path for a leaf; gives the checkpoint.
    public func verify(
        leafHash: Digest,
        ledgerKey: VerifierKey
    ) throws(ProofFileError) -> Checkpoint {
        let head: Checkpoint
        do throws(NoteError) {
            head = try Checkpoint(note: checkpoint, ledgerKey: ledgerKey)
        } catch {
            throw .note(error)
        }
        let proof = InclusionProof(index: index, size: head.size, path: path)
        guard proof.verify(leafHash: leafHash, root: head.root) else { throw .notIncluded }
        return head
    }
}
