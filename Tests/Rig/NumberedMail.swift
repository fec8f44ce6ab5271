// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Mail that can be told apart and put in order.

package import Foundation

/// Good practices whose title is a number, so that what arrives can be told apart and put in order.
package enum NumberedMail {
    package static let mark = "PRZYKŁAD "

    /// A draft to named institutions, who receive it without a subscription.
    package static func draft(_ number: Int, to institutions: [String]) -> Data {
        let text = """
            type: good-practice
            marking: TLP:GREEN
            urgency: UR-1
            to:
              institutions: [\(institutions.joined(separator: ", "))]
            body:
              common:
                title: '\(mark)\(number)'
              domain: GP-IDE
              problem: próba
              steps: próba
              result: próba
              contact: koordynator
            """
        return Data(text.utf8)
    }

    /// The number in a title.
    package static func number(_ title: String?) -> Int? {
        guard let title, title.hasPrefix(mark) else { return nil }
        return Int(title.dropFirst(mark.count))
    }
}
