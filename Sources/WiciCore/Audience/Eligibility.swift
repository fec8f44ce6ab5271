// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Who may have a message: a pure function of its labels, the registry, the policy and the day. The
// sender's preview, the hub's enforcement, the recipient's check and the auditor's replay all call
// it.

/// The answer about a message: the eligible nodes, or why it is refused as a whole.
public enum Eligibility: Hashable, Sendable {
    /// These nodes, at least one.
    case eligible(EligibleSet)
    /// The message is refused.
    case refused(Refusal)

    /// The set, or `nil` when refused.
    public var set: EligibleSet? {
        switch self {
        case .eligible(let set): set
        case .refused: nil
        }
    }

    /// The refusal, or `nil` when somebody is eligible.
    public var refusal: Refusal? {
        switch self {
        case .eligible: nil
        case .refused(let refusal): refusal
        }
    }

    /// Computes who is eligible for a header.
    public static func of(
        header: WireHeader,
        registry: Registry,
        policy: Policy,
        at moment: Moment
    ) -> Eligibility {
        do throws(RoutingRefusal) {
            return of(
                try RoutingFacts(header: header),
                registry: registry,
                policy: policy,
                on: WarsawTime.date(at: moment)
            )
        } catch {
            return .refused(error.refusal)
        }
    }

    /// Computes who is eligible on a day of the Polish calendar.
    public static func of(
        _ facts: RoutingFacts,
        registry: Registry,
        policy: Policy,
        on date: CivilDate
    ) -> Eligibility {
        do throws(RoutingRefusal) {
            let judge = try EligibilityJudge(
                facts: facts,
                registry: registry,
                policy: policy,
                date: date
            )
            return .eligible(try judge.eligibleSet())
        } catch {
            return .refused(error.refusal)
        }
    }
}

extension Eligibility {
    /// Why an accepted message may not go to one recipient now; nil when it may.
    ///
    /// Asked again at each delivery, with the rules that `of` asks. For every node the answer is nil
    /// exactly when `of` has the node in its set, with two differences, because the message was
    /// accepted and its sender has the receipt: what became of other recipients does not matter, and
    /// neither does whether the sender is still in good standing. A revoked sender stays listed, and
    /// its institution's kind and regions decide; for a sender that the registry no longer lists at
    /// all no rule can be shown to grant, so the message is refused.
    public static func refusal(
        ofDelivering header: WireHeader,
        to recipient: NodeID,
        registry: Registry,
        policy: Policy,
        at moment: Moment
    ) -> Refusal? {
        do throws(RoutingRefusal) {
            let date = WarsawTime.date(at: moment)
            guard let node = registry.node(recipient) else { return Refusal(.unknownKey) }
            guard registry.isInGoodStanding(node, on: date) else { return Refusal(.revoked) }
            let judge = try EligibilityJudge(
                facts: try RoutingFacts(header: header),
                registry: registry,
                policy: policy,
                date: date,
                isAccepted: true
            )
            return judge.refusal(for: node)
        } catch {
            return error.refusal
        }
    }
}

/// One computation: what does not change from one recipient to the next is looked up once.
private struct EligibilityJudge {
    let facts: RoutingFacts
    let registry: Registry
    let policy: Policy
    let date: CivilDate
    let sender: Institution
    let template: PolicyCase

    init(
        facts: RoutingFacts,
        registry: Registry,
        policy: Policy,
        date: CivilDate,
        isAccepted: Bool = false
    ) throws(RoutingRefusal) {
        guard let node = registry.node(facts.sender),
            let sender = registry.institution(node.institution)
        else { throw RoutingRefusal(Refusal(.unknownKey, field: "sender")) }
        guard isAccepted || registry.isInGoodStanding(node, on: date) else {
            throw RoutingRefusal(Refusal(.revoked, field: "sender"))
        }
        guard let kind = policy.words.kind(sender.kind) else { throw .unknownLabel("sender") }
        guard let type = policy.words.type(facts.type) else { throw .unknownLabel("type") }
        guard let purpose = policy.words.purpose(facts.purpose) else {
            throw .unknownLabel("purpose")
        }
        self.facts = facts
        self.registry = registry
        self.policy = policy
        self.date = date
        self.sender = sender
        self.template = PolicyCase(
            sender: kind,
            recipient: kind,
            type: type,
            marking: facts.marking,
            region: .same,
            data: facts.data,
            purpose: purpose,
            regime: facts.regime,
            status: facts.status,
            isSealed: facts.isSealed
        )
    }

    /// TLP:RED goes to named roles and to nobody else.
    private func markingRefusal() -> Refusal? {
        let selector = facts.selector
        guard facts.marking == .red else { return nil }
        guard !selector.roles.isEmpty, selector.institutions.isEmpty, !selector.selectsByList
        else { return Refusal(.rolesRequired, field: "selector") }
        return nil
    }

    /// The rules' answer about one recipient in good standing, whatever became of the others.
    func refusal(for node: RegistryNode) -> Refusal? {
        if let refusal = markingRefusal() { return refusal }
        guard node.id != facts.sender, let institution = registry.institution(node.institution)
        else { return Refusal(.notGranted) }
        let isNamed =
            facts.selector.institutions.contains(institution.id)
            || facts.selector.roles.contains {
                $0.institution == institution.id && institution.roles.contains($0.role)
            }
        guard isNamed || isSelectedByList(institution) else { return Refusal(.notGranted) }
        guard let policyCase = policyCase(for: institution, isNamed: isNamed) else {
            return Refusal(.labelUnknown)
        }
        let decision = policy.decide(policyCase, on: date)
        return decision.isAllowed ? nil : refusal(decision, policyCase).refusal
    }

    func eligibleSet() throws(RoutingRefusal) -> EligibleSet {
        if let refusal = markingRefusal() { throw RoutingRefusal(refusal) }
        let named = try namedInstitutions()
        var decided: [Int: Decision] = [:]
        var nodes: [EligibleNode] = []
        var refusals: [(decision: Decision, policyCase: PolicyCase)] = []
        let selected = try selectedInstitutions(except: named.ids)
        for (institution, naming) in named.recipients + selected {
            guard let policyCase = policyCase(for: institution, isNamed: naming != nil) else {
                throw .unknownLabel("selector.kinds")
            }
            let key = policyCase.recipient << 2 | policyCase.region.place
            let decision = decided[key] ?? policy.decide(policyCase, on: date)
            decided[key] = decision
            guard decision.isAllowed else {
                // Naming is a promise to the sender, and a missing seal is the sender's to mend:
                // neither may shrink the audience in silence.
                if let naming {
                    throw refusal(decision, policyCase, field: naming.field)
                }
                if decision.verdict == .sealRequired { throw refusal(decision, policyCase) }
                refusals.append((decision, policyCase))
                continue
            }
            let entries = eligibleNodes(of: institution, naming: naming, decision)
            if let naming, entries.isEmpty, institution.id != sender.id {
                throw RoutingRefusal(Refusal(.recipientWithoutNode, field: naming.field))
            }
            nodes += entries
            guard nodes.count <= EligibleSet.limit else {
                throw RoutingRefusal(Refusal(.audienceTooLarge, field: "selector"))
            }
        }
        guard !nodes.isEmpty else { throw mostInformative(refusals) }
        return EligibleSet(nodes: nodes)
    }

    /// How the selector names an institution.
    struct Naming {
        let field: String
        var roles: [String]
    }

    typealias Recipient = (institution: Institution, naming: Naming?)

    /// The named institutions in the order of ids; each must be a member and hold the role.
    private func namedInstitutions() throws(RoutingRefusal) -> (
        recipients: [Recipient], ids: Set<InstitutionID>
    ) {
        var namings: [InstitutionID: Naming] = [:]
        for (index, id) in facts.selector.institutions.enumerated() {
            namings[id] = Naming(field: "selector.institutions[\(index)]", roles: [])
        }
        for (index, address) in facts.selector.roles.enumerated() {
            let field = "selector.roles[\(index)]"
            guard let institution = registry.institution(address.institution) else {
                throw RoutingRefusal(Refusal(.recipientUnknown, field: field))
            }
            guard institution.roles.contains(address.role) else {
                throw RoutingRefusal(Refusal(.roleUnknown, field: field))
            }
            namings[address.institution, default: Naming(field: field, roles: [])].roles
                .append(address.role)
        }
        var recipients: [Recipient] = []
        for (id, naming) in namings.sorted(by: { $0.key < $1.key }) {
            guard let institution = registry.institution(id), institution.validity.contains(date)
            else { throw RoutingRefusal(Refusal(.recipientUnknown, field: naming.field)) }
            recipients.append((institution, naming))
        }
        return (recipients, Set(namings.keys))
    }

    /// The institutions that regions, kinds and teams select together.
    private func selectedInstitutions(
        except named: Set<InstitutionID>
    ) throws(RoutingRefusal) -> [Recipient] {
        let selector = facts.selector
        for (index, team) in selector.teams.enumerated() where registry.team(team) == nil {
            throw RoutingRefusal(Refusal(.recipientUnknown, field: "selector.teams[\(index)]"))
        }
        for (index, kind) in selector.kinds.enumerated() where policy.words.kind(kind) == nil {
            throw .unknownLabel("selector.kinds[\(index)]")
        }
        guard selector.selectsByList else { return [] }
        return registry.contents.institutions.compactMap { institution in
            guard !named.contains(institution.id), institution.validity.contains(date),
                isSelectedByList(institution)
            else { return nil }
            return (institution, nil)
        }
    }

    /// Whether regions, kinds and teams together select an institution.
    private func isSelectedByList(_ institution: Institution) -> Bool {
        let selector = facts.selector
        return selector.selectsByList
            && (selector.kinds.isEmpty || selector.kinds.contains(institution.kind))
            && (selector.teams.isEmpty
                || institution.teams.contains(where: selector.teams.contains))
            && (selector.regions.isEmpty || selector.regions.contains(.country)
                || institution.regions.contains(where: selector.regions.contains))
    }

    /// The case of a recipient; `nil` when its kind is not one that rules can name.
    private func policyCase(for institution: Institution, isNamed: Bool) -> PolicyCase? {
        guard let kind = policy.words.kind(institution.kind) else { return nil }
        let isInNamedRegion = institution.regions.contains {
            $0 != .country && facts.selector.regions.contains($0)
        }
        return template.with(
            recipient: kind,
            region: RegionRelation(
                isSame: sender.sharesRegion(with: institution),
                isNamed: isNamed || isInNamedRegion
            )
        )
    }

    private func eligibleNodes(
        of institution: Institution,
        naming: Naming?,
        _ decision: Decision
    ) -> [EligibleNode] {
        let ruleIDs = policy.ruleIDs(of: decision)
        return registry.nodes(of: institution.id).compactMap { node in
            guard node.id != facts.sender, node.isInGoodStanding(on: date) else { return nil }
            return EligibleNode(
                node: node.id,
                institution: institution.id,
                isNamed: naming != nil,
                roles: naming?.roles ?? [],
                ruleIDs: ruleIDs
            )
        }
    }

    private func refusal(
        _ decision: Decision,
        _ policyCase: PolicyCase,
        field: String = ""
    ) -> RoutingRefusal {
        let code: RefusalCode
        switch decision.verdict {
        case .forbidden: code = .forbidden
        case .sealRequired: code = .sealRequired
        case .markingAboveCeiling: code = .markingAboveCeiling
        case .allowed, .notGranted: code = .notGranted
        }
        let explanation = policy.explain(policyCase, on: date)
        return RoutingRefusal(
            Refusal(
                code,
                field: field,
                rule: explanation.ruleIDs.first ?? explanation.nearest ?? "",
                help: explanation.sentence
            )
        )
    }

    /// What the sender can mend comes first: marking, then a never, then no grant at all.
    private func mostInformative(
        _ refusals: [(decision: Decision, policyCase: PolicyCase)]
    ) -> RoutingRefusal {
        for verdict in [Decision.Verdict.markingAboveCeiling, .forbidden, .notGranted] {
            if let found = refusals.first(where: { $0.decision.verdict == verdict }) {
                return refusal(found.decision, found.policyCase, field: "selector")
            }
        }
        return RoutingRefusal(Refusal(.nobodyEligible, field: "selector"))
    }
}
