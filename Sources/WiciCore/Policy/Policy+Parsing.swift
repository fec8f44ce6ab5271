// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Reading a policy's text. Whatever would widen a grant must be said: every list of a grant is
// written out or is the word `any`. A never may leave a condition out, which makes it forbid more.

import Crypto
import Foundation

extension Policy {
    /// Parses a policy's text (YAML, at most 1 MiB) without asking whether checks and promises
    /// hold; `findings` tells that.
    public init(text: String, words: PolicyWords = .current) throws(PolicyError) {
        var fields = try DocumentValue(text: text).fields()
        let name = try fields.required("policy").text(limit: 120)
        let release = try fields.required("release").number(in: 1...UInt64(UInt32.max))
        let previous = try fields.required("previous").previousDigest(release: release)
        let issued = try fields.required("issued").date()
        let expiry = try fields.required("expires")
        let expires = try expiry.date()
        guard issued <= expires else { throw expiry.error(.documentContradiction) }
        let community = try fields.required("community").bilingual(limit: 400)
        let seal = try fields.required("seal").sealRule()
        let feed = try fields.required("public").feedRules(words: words)
        var ids: Set<String> = []
        var grants: [PolicyRule] = []
        for item in try fields.required("grants").list(limit: RuleSet.limit) {
            grants.append(try item.grant(words: words, issued: issued, ids: &ids))
        }
        var nevers: [PolicyRule] = []
        for item in try fields.required("nevers").list(limit: RuleSet.limit) {
            nevers.append(try item.never(words: words, ids: &ids))
        }
        let checks = try fields.required("checks").checks(words: words, ids: ids)
        let promises = try fields.required("promises").promises(words: words)
        try fields.finish()
        self.init(
            name: name,
            release: release,
            previous: previous,
            issued: issued,
            expires: expires,
            community: community,
            grants: grants,
            nevers: nevers,
            feed: feed,
            seal: seal,
            checks: checks,
            promises: promises,
            words: words,
            digest: Digest(SHA256.hash(data: Data(text.utf8)))
        )
    }
}

extension DocumentValue {
    fileprivate func sealRule() throws(DocumentError) -> SealRule {
        var fields = try fields()
        let marking = try fields.required("marking-from").marking()
        let value = try fields.required("data-level-from")
        let level = try value.word(of: DataLevel.self)
        guard level > .none else { throw value.error(.documentContradiction) }
        try fields.finish()
        return SealRule(markingFrom: marking, dataLevelFrom: level)
    }

    /// The feed is for every member, so only broadcast types up to TLP:GREEN may be on it.
    fileprivate func feedRules(words: PolicyWords) throws(DocumentError) -> [FeedRule] {
        var rules: [FeedRule] = []
        for item in try list(limit: 64) {
            var fields = try item.fields()
            let typeValue = try fields.required("types")
            let types = try typeValue.places(in: words.types)
            guard types.places.allSatisfy({ words.broadcastTypes.contains(words.types[$0]) })
            else { throw typeValue.error(.documentContradiction) }
            let markingValue = try fields.required("marking-at-most")
            let marking = try markingValue.marking()
            guard marking <= .green else { throw markingValue.error(.documentContradiction) }
            try fields.finish()
            rules.append(FeedRule(types: Set(types.places), markingAtMost: marking))
        }
        return rules
    }

    fileprivate func grant(
        words: PolicyWords,
        issued: CivilDate,
        ids: inout Set<String>
    ) throws(DocumentError) -> PolicyRule {
        var fields = try fields()
        let id = try fields.required("id").ruleID(&ids)
        let says = try fields.required("says").bilingual(limit: 400)
        let basis = try fields.required("basis").text(limit: 400)
        var mask = CaseMask.nothing
        mask[.sender] = try fields.required("from").places(in: words.kinds)
        mask[.recipient] = try fields.required("to").places(in: words.kinds)
        mask[.type] = try fields.required("types").places(in: words.types)
        mask[.region] = try fields.required("region").regions()
        let ceiling = try fields.required("marking-at-most").marking()
        mask[.marking] = Marking.bits { $0 <= ceiling }
        let level = try fields.required("data-level-at-most").word(of: DataLevel.self)
        let aboutValue = fields.optional("data-about")
        if level == .none {
            if let aboutValue { throw aboutValue.error(.documentContradiction) }
            mask[.data] = PersonalData.bits { $0 == .none }
        } else {
            guard let aboutValue else {
                throw DocumentError(.documentKeyMissing, path: "\(path).data-about", line: line)
            }
            let about = try aboutValue.words(of: DataSubject.self)
            mask[.data] = PersonalData.bits {
                $0.level <= level && $0.subject.map(about.contains) ?? true
            }
        }
        mask[.purpose] = try fields.required("purpose").places(in: words.purposes)
        mask[.regime] = try fields.required("regime").places(
            in: LegalRegime.allCases.map(\.rawValue)
        )
        mask[.status] = try fields.required("status").places(
            in: MessageStatus.allCases.map(\.rawValue)
        )
        mask[.sealing] = try fields.required("sealed").sealing(["required": 2, "optional": 3])
        let untilValue = fields.optional("until")
        let until = try untilValue?.date()
        if let untilValue, let until, until < issued {
            throw untilValue.error(.documentContradiction)
        }
        try fields.finish()
        return PolicyRule(id: id, says: says, basis: basis, until: until, mask: mask)
    }

    fileprivate func never(
        words: PolicyWords,
        ids: inout Set<String>
    ) throws(DocumentError) -> PolicyRule {
        var fields = try fields()
        let id = try fields.required("id").ruleID(&ids)
        let says = try fields.required("says").bilingual(limit: 400)
        let basis = try fields.required("basis").text(limit: 400)
        let mask = try fields.conditions(words: words)
        try fields.finish()
        // A never that covers everything would be a policy that nobody meant to write.
        guard mask != .everything else { throw error(.documentContradiction) }
        return PolicyRule(id: id, says: says, basis: basis, until: nil, mask: mask)
    }

    fileprivate func checks(
        words: PolicyWords,
        ids: Set<String>
    ) throws(DocumentError) -> [PolicyCheck] {
        var checks: [PolicyCheck] = []
        for item in try list(limit: 10_000) {
            let line = try item.text(limit: 400)
            let check: PolicyCheck
            do {
                check = try PolicyCheck(line: line, words: words)
            } catch {
                throw item.unknownWord(error.word)
            }
            if let unknown = check.ruleIDs.first(where: { !ids.contains($0) }) {
                throw DocumentError(
                    .documentReferenceUnknown,
                    path: item.path,
                    line: item.line,
                    detail: Bilingual(polish: "\(unknown).", english: "\(unknown).")
                )
            }
            checks.append(check)
        }
        return checks
    }

    fileprivate func promises(words: PolicyWords) throws(DocumentError) -> [PolicyPromise] {
        var promises: [PolicyPromise] = []
        for item in try list(limit: 100) {
            var fields = try item.fields()
            let says = try fields.required("says").bilingual(limit: 400)
            let property: PolicyPromise.Property
            if let value = fields.optional("nobody-receives") {
                var conditions = try value.fields()
                let mask = try conditions.conditions(words: words)
                try conditions.finish()
                property = .nobodyReceives(PromisedCases(mask: mask))
            } else if let value = fields.optional("answerable-with") {
                property = .recipientsCanAnswer(
                    types: Set(try value.places(in: words.types).places)
                )
            } else {
                let value = try fields.required("always")
                let word = try value.text()
                switch word {
                case "exercise-equals-actual": property = .exerciseEqualsActual
                case "no-personal-data-in-broadcasts": property = .noPersonalDataInBroadcasts
                default: throw value.unknownWord(word)
                }
            }
            try fields.finish()
            promises.append(PolicyPromise(path: item.path, says: says, property: property))
        }
        return promises
    }

    private func ruleID(_ ids: inout Set<String>) throws(DocumentError) -> String {
        let id = try text(limit: 16)
        guard id.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: ",") }) else {
            throw wrongForm("identyfikator reguły", "a rule id")
        }
        guard ids.insert(id).inserted else { throw error(.documentIdTwice) }
        return id
    }

    fileprivate func marking() throws(DocumentError) -> Marking {
        let label = try text()
        guard let marking = Marking(label: label) else { throw unknownWord(label) }
        return marking
    }

    fileprivate func word<Word: RawRepresentable<String>>(
        of: Word.Type
    ) throws(DocumentError) -> Word {
        let text = try text()
        guard let word = Word(rawValue: text) else { throw unknownWord(text) }
        return word
    }

    /// A list of words of which none stands twice, or the word `any`.
    fileprivate func words<Word: RawRepresentable<String> & CaseIterable & Hashable>(
        of: Word.Type
    ) throws(DocumentError) -> Set<Word> {
        let all = Array(Word.allCases)
        return Set(try places(in: all.map(\.rawValue)).places.map { all[$0] })
    }

    /// The places of a list of words, or of all of them for the word `any`; never none.
    fileprivate func places(in known: [String]) throws(DocumentError) -> UInt64 {
        if case .scalar("any", _) = content {
            return known.indices.reduce(0) { $0 | 1 << UInt64($1) }
        }
        let words = try distinct(limit: 64) { value throws(DocumentError) -> Int in
            let word = try value.text()
            guard let place = known.firstIndex(of: word) else { throw value.unknownWord(word) }
            return place
        }
        guard !words.isEmpty else { throw error(.documentContradiction) }
        return words.reduce(0) { $0 | 1 << UInt64($1) }
    }

    /// The region relations that a word covers.
    fileprivate func regions() throws(DocumentError) -> UInt64 {
        let word = try text()
        let covered: [RegionRelation]
        switch word {
        case "same": covered = [.same, .both]
        case "named": covered = [.named, .both]
        case "same-or-named": covered = [.same, .named, .both]
        case "other": covered = [.other]
        case "not-named": covered = [.other, .same]
        case "any": covered = RegionRelation.allCases
        default: throw unknownWord(word)
        }
        return covered.reduce(0) { $0 | 1 << UInt64($1.place) }
    }

    fileprivate func sealing(_ words: [String: UInt64]) throws(DocumentError) -> UInt64 {
        let word = try text()
        guard let bits = words[word] else { throw unknownWord(word) }
        return bits
    }
}

extension DocumentFields {
    /// The conditions of a never or a promise: what is left out is not asked.
    fileprivate mutating func conditions(words: PolicyWords) throws(DocumentError) -> CaseMask {
        var mask = CaseMask.everything
        if let value = optional("from") { mask[.sender] = try value.places(in: words.kinds) }
        if let value = optional("to") { mask[.recipient] = try value.places(in: words.kinds) }
        if let value = optional("types") { mask[.type] = try value.places(in: words.types) }
        if let value = optional("region") { mask[.region] = try value.regions() }
        if let value = optional("marking-from") {
            let least = try value.marking()
            mask[.marking] &= Marking.bits { $0 >= least }
        }
        if let value = optional("marking-at-most") {
            let most = try value.marking()
            mask[.marking] &= Marking.bits { $0 <= most }
            guard mask[.marking] != 0 else { throw value.error(.documentContradiction) }
        }
        if let value = optional("data-level-from") {
            let least = try value.word(of: DataLevel.self)
            mask[.data] &= PersonalData.bits { $0.level >= least }
        }
        if let value = optional("data-about") {
            let about = try value.words(of: DataSubject.self)
            mask[.data] &= PersonalData.bits { $0.subject.map(about.contains) ?? false }
        }
        if let value = optional("purpose") { mask[.purpose] = try value.places(in: words.purposes) }
        if let value = optional("regime") {
            mask[.regime] = try value.places(in: LegalRegime.allCases.map(\.rawValue))
        }
        if let value = optional("status") {
            mask[.status] = try value.places(in: MessageStatus.allCases.map(\.rawValue))
        }
        if let value = optional("sealed") {
            mask[.sealing] = try value.sealing(["no": 1, "yes": 2])
        }
        return mask
    }
}
