// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The example policy was written on some day; a demonstration issues it today.

extension Policy {
    /// A policy's text with other days: issued on this one, held for a year, and with it every grant
    /// that has an end.
    public static func text(_ text: String, issuedOn day: CivilDate) -> String {
        let end = day.adding(days: 365)
        let days = [("issued: ", day), ("expires: ", end), ("    until: ", end)]
        return text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
            let found = days.first { line.hasPrefix($0.0) }
            return found.map { "\($0.0)\($0.1)" } ?? String(line)
        }.joined(separator: "\n")
    }
}
