// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The house rules that a reader can rely on because this file enforces them: which target may import
// what, how long a file may be, which calls are banned, what may stand at the top.

import Foundation
import Testing

struct HouseRuleTests {
    static let root = URL(filePath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    struct SourceFile: CustomStringConvertible {
        let path: String
        let lines: [Substring]
        var description: String { path }
        var target: String { String(path.split(separator: "/")[1]) }
        var isGenerated: Bool { path.contains("/Generated/") }
    }

    static func sources(under folder: String) throws -> [SourceFile] {
        let base = root.appending(path: folder)
        guard let found = FileManager.default.enumerator(atPath: base.path) else { return [] }
        return try found.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }.sorted()
            .map { name in
                let text = try String(contentsOf: base.appending(path: name), encoding: .utf8)
                return SourceFile(
                    path: "\(folder)/\(name)",
                    lines: text.split(separator: "\n", omittingEmptySubsequences: false)
                )
            }
    }

    static func imports(of file: SourceFile) -> [String] {
        file.lines.compactMap { line in
            let words = line.split(separator: " ")
            guard let place = words.firstIndex(of: "import"), place <= 1, words.count > place + 1,
                line.first?.isWhitespace == false
            else { return nil }
            return String(words[place + 1])
        }
    }

    /// What each target may import; anything else needs an argument in the commit that adds it.
    static let allowedImports: [String: Set<String>] = [
        "ZeroMQ": ["CZeroMQ", "Foundation", "Glibc", "Synchronization", "Dispatch"],
        "WiciCore": [
            "Foundation", "FoundationEssentials", "Crypto", "SwiftProtobuf", "Yams",
            "Processor", "Synchronization", "CYaml", "Swift",
        ],
        "WiciLedger": [
            "Foundation", "GRDB", "Crypto", "SwiftProtobuf", "WiciCore", "Synchronization",
            "Dispatch", "Glibc", "GRDBSQLite", "CheckedPages", "Processor",
        ],
        "PrivateFiles": ["Foundation", "Dispatch", "Glibc", "WiciCore"],
        "WiciHub": [
            "PrivateFiles", "Foundation", "WiciCore", "WiciLedger", "ZeroMQ", "SwiftProtobuf",
            "Crypto", "Hummingbird", "HummingbirdCore", "NIOCore", "Logging", "Synchronization",
            "Dispatch", "Glibc", "Yams",
        ],
        "WiciNode": [
            "CheckedPages", "PrivateFiles", "Foundation", "WiciCore", "ZeroMQ", "GRDB",
            "SwiftProtobuf", "Crypto", "Hummingbird",
            "HummingbirdCore", "HTTPTypes", "NIOCore", "NIOHTTP1", "NIOPosix", "Logging",
            "Synchronization", "Dispatch", "Glibc", "Yams", "ServiceLifecycle",
        ],
    ]

    @Test
    func `every target imports only what its place in the house allows`() throws {
        var checked = 0
        for file in try Self.sources(under: "Sources") {
            guard let allowed = Self.allowedImports[file.target] else { continue }
            for name in Self.imports(of: file) {
                #expect(allowed.contains(name), "\(file) imports \(name)")
                checked += 1
            }
        }
        #expect(checked > 100)
    }

    @Test
    func `no source file is over 500 lines unless it is generated`() throws {
        for file in try Self.sources(under: "Sources") where !file.isGenerated {
            #expect(file.lines.count <= 501, "\(file) has \(file.lines.count) lines")
        }
    }

    @Test
    func `every source file says whose it is and what it is for`() throws {
        for file in try Self.sources(under: "Sources") where !file.isGenerated {
            #expect(
                file.lines.first == "// SPDX-License-Identifier: Apache-2.0",
                "\(file): licence"
            )
            let purpose = file.lines.dropFirst(2).prefix(8).contains { $0.hasPrefix("// ") }
            #expect(purpose, "\(file) does not say what it is for")
        }
    }

    @Test
    func `calls that hide failures or traps are not used`() throws {
        let banned = [
            "try!", "fatalError(", "nonisolated(unsafe)", "Task.detached", "as!", "TO" + "DO",
            "FIX" + "ME",
        ]
        for file in try Self.sources(under: "Sources") where !file.isGenerated {
            for (number, line) in file.lines.enumerated() {
                for call in banned {
                    #expect(!line.contains(call), "\(file):\(number + 1): \(call)")
                }
                if line.contains("print("), file.target != "wici" {
                    #expect(!line.contains(" print("), "\(file):\(number + 1): print")
                }
            }
        }
    }

    @Test
    func `unchecked sendability is used only with a proof beside it`() throws {
        for file in try Self.sources(under: "Sources") where !file.isGenerated {
            for (number, line) in file.lines.enumerated()
            where line.contains("@unchecked Sendable") && !line.hasPrefix("//") {
                let near = file.lines[max(0, number - 8)..<min(file.lines.count, number + 6)]
                let isArgued = near.contains {
                    $0.contains("Safety") || $0.contains("safe") || $0.contains("proof")
                }
                #expect(isArgued, "\(file):\(number + 1): no proof beside @unchecked Sendable")
            }
        }
    }

    @Test
    func `the top level holds what the design names and nothing else`() throws {
        let allowed: Set = [
            "Package.swift", "Sources", "Tests", "Schemas", "Deploy", "README.md", "LICENSE",
            "CONTRIBUTING.md", "Package.resolved",
        ]
        let entries = try FileManager.default.contentsOfDirectory(atPath: Self.root.path)
        for entry in entries where !entry.hasPrefix(".") {
            #expect(allowed.contains(entry), "\(entry) does not belong at the top level")
        }
    }

    @Test
    func `every refusal code has its own number and name and speaks both languages`() throws {
        struct List: Decodable {
            struct Entry: Decodable {
                let number: Int
                let name: String
                let pl: String
                let en: String
            }
            let codes: [Entry]
        }
        let bytes = try Data(contentsOf: Self.root.appending(path: "Schemas/codes.json"))
        let codes = try JSONDecoder().decode(List.self, from: bytes).codes
        #expect(Set(codes.map(\.number)).count == codes.count)
        #expect(Set(codes.map(\.name)).count == codes.count)
        #expect(codes.count > 40)
        for code in codes {
            #expect(code.pl.hasSuffix(".") && code.en.hasSuffix("."), "\(code.name)")
        }
    }
}
