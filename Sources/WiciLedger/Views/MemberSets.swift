// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Sets of members as rows of bits, each kept once: whether a member is in a set is one bit, and a set
// of hundreds takes less room than the name of one of them.

/// Sets of small numbers, numbered in the order of their coming; set 0 is the empty one.
struct MemberSets: Sendable {
    /// The bits of all sets, one after the other; a set ends with the word of its greatest member.
    private var words: [UInt64] = []
    /// Where the words of each set begin; the last is where those of the next will.
    private var starts: [Int] = [0, 0]
    private var numberOfHash: [Int: UInt32] = [:]

    /// The set of nobody.
    static let empty = UInt32(0)

    /// Number of sets.
    var count: Int { starts.count - 1 }

    /// Whether a member is in a set.
    func contains(_ member: Int, in set: UInt32) -> Bool {
        let word = starts[Int(set)] + member >> 6
        return word < starts[Int(set) + 1] && words[word] >> UInt64(member & 63) & 1 != 0
    }

    /// Lends each member of a set, in ascending order.
    func forEachMember(of set: UInt32, _ body: (Int) -> Void) {
        let start = starts[Int(set)]
        for place in start..<starts[Int(set) + 1] {
            var word = words[place]
            while word != 0 {
                body((place - start) << 6 + word.trailingZeroBitCount)
                word &= word - 1
            }
        }
    }

    /// The number of a set, the same whenever the members are.
    ///
    /// Should two sets ever have the same hash, the second is kept as often as it comes; nothing
    /// rests on it.
    mutating func number(of members: some Collection<Int>) -> UInt32 {
        guard let greatest = members.max() else { return Self.empty }
        var row = [UInt64](repeating: 0, count: greatest >> 6 + 1)
        for member in members { row[member >> 6] |= 1 << UInt64(member & 63) }
        let hash = row.hashValue
        if let known = numberOfHash[hash],
            words[starts[Int(known)]..<starts[Int(known) + 1]].elementsEqual(row)
        {
            return known
        }
        let number = UInt32(count)
        words += row
        starts.append(words.count)
        if numberOfHash[hash] == nil { numberOfHash[hash] = number }
        return number
    }
}
