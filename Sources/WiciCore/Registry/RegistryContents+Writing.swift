// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Writing a registry's text in its one canonical form, so that two releases differ exactly where
// their contents do.

extension RegistryContents {
    /// The canonical text, ending in a newline.
    public var text: String {
        var text = """
            registry: \(quoted(network))
            release: \(release)
            previous: \(previous?.hexadecimal ?? "none")
            issued: \(issued)
            expires: \(expires)
            authority:
              threshold: \(authority.threshold)
              keys:

            """
        for key in authority.keys { text += "    - \(quoted(key.text))\n" }
        text += """
            hub:
              origin: \(quoted(hub.origin))
              exchange-key: \(quoted(hub.exchangeKey.hexadecimal))
              ledger-key: \(quoted(hub.ledgerKey.text))

            """
        text += list("teams", teams.map(\.lines))
        text += list("institutions", institutions.map(\.lines))
        text += list("nodes", nodes.map(\.lines))
        return text
    }
}

/// A key with a list of mappings, each given as its lines.
private func list(_ key: String, _ items: [[String]]) -> String {
    guard !items.isEmpty else { return "\(key): []\n" }
    return "\(key):\n"
        + items.map { lines in
            lines.enumerated().map { ($0 == 0 ? "  - " : "    ") + $1 + "\n" }.joined()
        }.joined()
}

/// A double-quoted YAML scalar that `DocumentValue` and `PlainValue` read as the same text.
///
/// Escaped are, beside quotation mark and backslash, what YAML takes for a line break or cannot hold,
/// and signs that the strict readers refuse where they could begin an anchor, an alias or a tag.
package func quoted(_ text: String) -> String {
    var quoted = "\""
    let scalars = Array(text.unicodeScalars)
    for (place, scalar) in scalars.enumerated() {
        switch scalar {
        case "\"", "\\":
            quoted += "\\\(scalar)"
        case "&", "*", "!":
            let follows = place > 0 && scalars[place - 1].isLetterOrDigit
            let isAlone = place + 1 < scalars.count && scalars[place + 1] == " "
            quoted += follows || isAlone ? String(scalar) : scalar.escapedForYAML
        case "\u{0}"..."\u{1F}", "\u{7F}"..."\u{9F}", "\u{2028}", "\u{2029}", "\u{FEFF}",
            "\u{FFFE}", "\u{FFFF}":
            quoted += scalar.escapedForYAML
        default: quoted.unicodeScalars.append(scalar)
        }
    }
    return quoted + "\""
}

extension Unicode.Scalar {
    /// As the strict readers understand it: a sign after one of these begins nothing.
    fileprivate var isLetterOrDigit: Bool { value >= 0x80 || properties.isAlphabetic || isDigit }

    private var isDigit: Bool { (0x30...0x39).contains(value) }

    /// `\u` and four hexadecimal digits.
    fileprivate var escapedForYAML: String {
        let digits = String(value, radix: 16)
        return "\\u" + String(repeating: "0", count: max(0, 4 - digits.count)) + digits
    }
}

private func flow(_ words: [String]) -> String { "[\(words.joined(separator: ", "))]" }

extension Bilingual {
    fileprivate var flowMapping: String { "{pl: \(quoted(polish)), en: \(quoted(english))}" }
}

extension Validity {
    fileprivate var lines: [String] {
        ["valid-from: \(from)"] + (through.map { ["valid-to: \($0)"] } ?? [])
    }
}

extension Team {
    fileprivate var lines: [String] {
        var lines = ["id: \(quoted(id.text))", "region: \(region)", "name: \(name.flowMapping)"]
        if let since { lines.append("since: \(quoted(since.text))") }
        if isDisputed { lines.append("disputed: true") }
        return lines
    }
}

extension Institution {
    fileprivate var lines: [String] {
        var lines = [
            "id: \(quoted(id.text))", "kind: \(kind)", "name: \(name.flowMapping)",
            "regions: \(flow(regions.map(\.text)))",
        ]
        if !teams.isEmpty { lines.append("teams: \(flow(teams.map { quoted($0.text) }))") }
        if let parent { lines.append("parent: \(quoted(parent.text))") }
        if !roles.isEmpty { lines.append("roles: \(flow(roles.map(quoted)))") }
        if isAuditor { lines.append("auditor: true") }
        return lines + validity.lines
    }
}

extension RegistryNode {
    fileprivate var lines: [String] {
        var lines = [
            "id: \(quoted(id.text))", "institution: \(quoted(institution.text))",
            "exchange-key: \(quoted(exchangeKey.hexadecimal))",
            "signing-key: \(quoted(signingKey.hexadecimal))",
            "sealing-key: \(quoted(sealingKey.hexadecimal))",
        ]
        for (name, keys) in [
            ("previous-signing-keys", retiredSigningKeys),
            ("previous-sealing-keys", retiredSealingKeys),
        ] where !keys.isEmpty {
            lines.append("\(name):")
            for retired in keys {
                let key = quoted(retired.key.hexadecimal)
                lines.append("  - {key: \(key), valid-to: \(retired.through)}")
            }
        }
        lines += validity.lines
        if let revocation {
            lines.append(
                "revoked: {date: \(revocation.date), reason: \(revocation.reason.rawValue)}"
            )
        }
        return lines
    }
}
