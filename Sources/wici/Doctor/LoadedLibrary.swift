// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the system libraries in this process say of themselves. They are asked by name, because which
// ones are loaded is decided on the machine and not when this program was built.

import Glibc

/// A library that this process has loaded.
enum LoadedLibrary {
    private typealias TextFunction = @convention(c) () -> UnsafePointer<CChar>?
    private typealias VersionFunction =
        @convention(c) (
            UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>, UnsafeMutablePointer<Int32>
        ) -> Void
    private typealias CapabilityFunction = @convention(c) (UnsafePointer<CChar>) -> Int32

    /// SQLite's version, from `sqlite3_libversion`.
    static var sqliteVersion: String? {
        guard let found = symbol("sqlite3_libversion") else { return nil }
        return unsafeBitCast(found, to: TextFunction.self)().map { String(cString: $0) }
    }

    /// libzmq's version, from `zmq_version`.
    static var zeroMQVersion: String? {
        guard let found = symbol("zmq_version") else { return nil }
        var (major, minor, patch): (Int32, Int32, Int32) = (0, 0, 0)
        unsafeBitCast(found, to: VersionFunction.self)(&major, &minor, &patch)
        return "\(major).\(minor).\(patch)"
    }

    /// Whether libzmq was built with CURVE, from `zmq_has`.
    static var zeroMQHasCurve: Bool {
        guard let found = symbol("zmq_has") else { return false }
        return unsafeBitCast(found, to: CapabilityFunction.self)("curve") == 1
    }

    /// The handle 0 means every library of the process.
    private static func symbol(_ name: String) -> UnsafeMutableRawPointer? { dlsym(nil, name) }
}
