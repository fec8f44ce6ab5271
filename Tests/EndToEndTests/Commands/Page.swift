// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// A page of a status server, fetched byte by byte without any HTTP library: status, headers, body.

import Foundation
import Glibc
import NetworkRig
import Testing

/// The answer to one GET.
struct Page: Sendable {
    let status: Int
    let headers: [String: String]
    let body: String

    /// Gets a page of a server on loopback.
    static func get(_ path: String, port: Int) async throws -> Page {
        try await onThread {
            let descriptor = try connect(port: port)
            let handle = FileHandle(fileDescriptor: descriptor, closeOnDealloc: true)
            let request = "GET \(path) HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"
            try handle.write(contentsOf: Data(request.utf8))
            return try Page(answer: try handle.readToEnd() ?? Data())
        }
    }

    /// The address on which a port is listened on, by the system's own table; `nil` when on none.
    static func listeners(port: Int) throws -> [String] {
        let suffix = ":" + String(format: "%04X", port)
        return try ["/proc/net/tcp", "/proc/net/tcp6"].flatMap { table in
            try wholeText(of: table).split(separator: "\n").dropFirst()
                .compactMap { line -> String? in
                    let words = line.split(separator: " ")
                    // 0A is LISTEN.
                    guard words.count > 3, words[3] == "0A", words[1].hasSuffix(suffix) else {
                        return nil
                    }
                    return String(words[1].dropLast(suffix.count))
                }
        }
    }

    /// A table of the system, to its end: each reading gives a piece of it, and a short piece is not
    /// the last.
    private static func wholeText(of table: String) throws -> String {
        guard let handle = FileHandle(forReadingAtPath: table) else {
            throw TestNetwork.Failure("no \(table)")
        }
        defer { try? handle.close() }
        var bytes = Data()
        while let piece = try handle.read(upToCount: 1 << 16), !piece.isEmpty { bytes += piece }
        return String(decoding: bytes, as: UTF8.self)
    }

    private init(answer: Data) throws {
        let text = String(decoding: answer, as: UTF8.self)
        guard let end = text.firstRange(of: "\r\n\r\n") else {
            throw TestNetwork.Failure("no HTTP answer: \(text)")
        }
        let lines = text[..<end.lowerBound].split(separator: "\r\n")
        guard let first = lines.first, first.hasPrefix("HTTP/1.1 "),
            let status = Int(first.dropFirst(9).prefix(3))
        else { throw TestNetwork.Failure("no HTTP status: \(text)") }
        self.status = status
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2 else { continue }
            headers[parts[0].lowercased()] = parts[1].trimmingCharacters(in: .whitespaces)
        }
        self.headers = headers
        body = String(text[end.upperBound...])
    }

    private static func connect(port: Int) throws -> Int32 {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = UInt16(port).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        let result = withUnsafePointer(to: &address) { pointer in
            pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard result == 0 else {
            close(descriptor)
            throw TestNetwork.Failure("port \(port) does not answer")
        }
        return descriptor
    }
}
