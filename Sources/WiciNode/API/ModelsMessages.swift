// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Messages as the local API shows them: labels, previews, outbox and inbox entries, whole messages.

public import WiciCore

/// The recipients that a message names, as its writer chose them.
public struct SelectorModel: Codable, Hashable, Sendable {
    /// Voivodeships, or `PL`.
    public var regions: [String]
    /// Kinds of institutions.
    public var kinds: [String]
    /// Voivodeship teams.
    public var teams: [String]
    /// Named institutions.
    public var institutions: [String]
    /// Roles, `institution/role`.
    public var roles: [String]

    /// Makes a selector; what is not given is empty.
    public init(
        regions: [String] = [],
        kinds: [String] = [],
        teams: [String] = [],
        institutions: [String] = [],
        roles: [String] = []
    ) {
        self.regions = regions
        self.kinds = kinds
        self.teams = teams
        self.institutions = institutions
        self.roles = roles
    }
}

/// A message's header in words: everything about it that is not content.
public struct MessageLabels: Codable, Hashable, Sendable {
    /// The message.
    public var id: MessageID
    /// Its type, for example `case-alert`.
    public var type: String
    /// Version of the type's schema.
    public var schema: UInt32
    /// The sending node.
    public var sender: String
    /// The sending institution, where the registry in force knows the node.
    public var institution: String?
    /// Pseudonym of the person who wrote it.
    public var `operator`: String
    /// When it was written, by the sender's clock.
    public var sentAt: Moment
    /// actual, exercise or test.
    public var status: String
    /// The TLP label.
    public var marking: String
    /// Handling caveats.
    public var handling: [String]
    /// What the content may be used for.
    public var purpose: String
    /// The data protection regime.
    public var regime: String
    /// The highest level of personal data in the content.
    public var dataLevel: String
    /// Whom personal data concern; empty when there are none.
    public var dataSubject: String
    /// Day after which the content is erased (YYYY-MM-DD).
    public var keepUntil: String
    /// UR-1 to UR-4.
    public var urgency: String
    /// By when a person has to acknowledge it.
    public var acknowledgeBy: Moment?
    /// The recipients as the writer chose them.
    public var to: SelectorModel
    /// Topic codes.
    public var topics: [String]
    /// First message of the thread, if this is not the first.
    public var thread: MessageID?
    /// Messages that this one answers or corrects.
    public var references: [MessageID]
    /// Language of the content.
    public var language: String
    /// Whether the content is sealed.
    public var sealed: Bool

    /// Shows a header; `nil` when its message id is none.
    public init?(_ header: WireHeader, institution: String? = nil) {
        guard let id = MessageID(bytes: header.messageID) else { return nil }
        self.id = id
        type = header.type
        schema = header.schema
        sender = header.sender
        self.institution = institution
        `operator` = header.operator
        sentAt = Moment(milliseconds: header.sentAt)
        status = header.status
        marking = header.tlp
        handling = header.handling
        purpose = header.purpose
        regime = header.regime
        dataLevel = header.dataLevel
        dataSubject = header.dataSubject
        keepUntil = header.keepUntil
        urgency = header.urgency
        acknowledgeBy =
            header.acknowledgeBy == 0 ? nil : Moment(milliseconds: header.acknowledgeBy)
        to = SelectorModel(
            regions: header.selector.regions,
            kinds: header.selector.kinds,
            teams: header.selector.teams,
            institutions: header.selector.institutions,
            roles: header.selector.roles
        )
        topics = header.topics
        thread = MessageID(bytes: header.thread)
        references = header.references.compactMap { MessageID(bytes: $0) }
        language = header.language
        sealed = header.hasSeal
    }
}

/// One recipient of a message and the rules that let it have it.
public struct RecipientModel: Codable, Hashable, Sendable {
    /// The node.
    public var node: String
    /// Its institution, where the registry in force knows the node.
    public var institution: String?
    /// Ids of the grants.
    public var rules: [String]
    /// Named by institution or role, so that it receives without a subscription.
    public var named: Bool

    /// Makes a recipient.
    public init(node: String, institution: String? = nil, rules: [String], named: Bool) {
        self.node = node
        self.institution = institution
        self.rules = rules
        self.named = named
    }
}

/// What would happen to a draft if it were sent now.
public struct Preview: Codable, Hashable, Sendable {
    /// The header as it would be sent.
    public var labels: MessageLabels
    /// Who may receive it, by the code that the hub decides with.
    public var eligible: [RecipientModel]
    /// Whether the policy has it sealed.
    public var sealed: Bool
    /// Bytes of the content.
    public var size: Int
    /// Why it would be refused; `nil` when it would go out.
    public var refusal: RefusalReport?

    /// Makes a preview.
    public init(
        labels: MessageLabels,
        eligible: [RecipientModel],
        sealed: Bool,
        size: Int,
        refusal: RefusalReport? = nil
    ) {
        self.labels = labels
        self.eligible = eligible
        self.sealed = sealed
        self.size = size
        self.refusal = refusal
    }
}

/// The hub's receipt: the message and the decision are on its disk and in the ledger.
public struct ReceiptModel: Codable, Hashable, Sendable {
    /// Place in the ledger.
    public var index: LedgerIndex
    /// When the hub accepted it.
    public var acceptedAt: Moment
    /// Who gets it.
    public var audience: [RecipientModel]
    /// Who may have it, subscribed or not.
    public var eligible: [RecipientModel]

    /// Makes a receipt.
    public init(
        index: LedgerIndex,
        acceptedAt: Moment,
        audience: [RecipientModel],
        eligible: [RecipientModel]
    ) {
        self.index = index
        self.acceptedAt = acceptedAt
        self.audience = audience
        self.eligible = eligible
    }
}

/// A message of this node's own and what became of it.
public struct OutboxEntry: Codable, Hashable, Sendable {
    /// How far a message has come.
    public enum State: String, Codable, Hashable, Sendable, CaseIterable {
        /// On the node's disk; it will leave when the hub is there.
        case queued
        /// On its way; the hub has not answered yet.
        case submitted
        /// The hub has it on its disk.
        case accepted
        /// The hub refused it for good.
        case refused
        /// The node gave up.
        case failed

        /// Whether nothing will change any more.
        public var isFinal: Bool {
            switch self {
            case .queued, .submitted: false
            case .accepted, .refused, .failed: true
            }
        }
    }

    /// The message.
    public var id: MessageID
    /// Its header in words.
    public var labels: MessageLabels
    /// The content's title, if it has one.
    public var title: String?
    /// When it was written to the outbox.
    public var writtenAt: Moment
    /// How far it has come.
    public var state: State
    /// The hub's receipt, once accepted.
    public var receipt: ReceiptModel?
    /// Why not, once refused or failed.
    public var refusal: RefusalReport?

    /// Makes an entry.
    public init(
        id: MessageID,
        labels: MessageLabels,
        title: String? = nil,
        writtenAt: Moment,
        state: State,
        receipt: ReceiptModel? = nil,
        refusal: RefusalReport? = nil
    ) {
        self.id = id
        self.labels = labels
        self.title = title
        self.writtenAt = writtenAt
        self.state = state
        self.receipt = receipt
        self.refusal = refusal
    }
}

/// One number of the mailbox, as the inbox lists it.
public struct InboxEntry: Codable, Hashable, Sendable {
    /// Number in the mailbox.
    public var number: MailboxNumber
    /// Place of the acceptance in the ledger.
    public var index: LedgerIndex
    /// The message; `nil` when the delivery named none.
    public var id: MessageID?
    /// Its header in words; `nil` for a tombstone or a delivery that cannot be read.
    public var labels: MessageLabels?
    /// The content's title, if it has one and could be opened.
    public var title: String?
    /// When it was stored here.
    public var receivedAt: Moment
    /// When a person here acknowledged it.
    public var acknowledgedAt: Moment?
    /// Why there is no message: withheld, recalled, expired or erased.
    public var tombstone: String?
    /// Why the node's own check failed.
    ///
    /// Never show such a message as a normal one.
    public var suspect: RefusalReport?

    /// Makes an entry.
    public init(
        number: MailboxNumber,
        index: LedgerIndex,
        id: MessageID?,
        labels: MessageLabels? = nil,
        title: String? = nil,
        receivedAt: Moment,
        acknowledgedAt: Moment? = nil,
        tombstone: String? = nil,
        suspect: RefusalReport? = nil
    ) {
        self.number = number
        self.index = index
        self.id = id
        self.labels = labels
        self.title = title
        self.receivedAt = receivedAt
        self.acknowledgedAt = acknowledgedAt
        self.tombstone = tombstone
        self.suspect = suspect
    }
}

extension InboxEntry {
    /// Whether it asks for an acknowledgement by a person here, has none, and is a message in order.
    public var waitsForAcknowledgement: Bool {
        labels?.acknowledgeBy != nil && acknowledgedAt == nil && tombstone == nil && suspect == nil
    }
}

/// A stretch of the inbox.
public struct InboxPage: Codable, Hashable, Sendable {
    /// Its entries, in mailbox order.
    public var entries: [InboxEntry]
    /// How many that were asked for stand before a stretch that was counted from the end.
    public var omitted: Int

    /// Makes a page; nothing is left out of one that begins after a number.
    public init(entries: [InboxEntry], omitted: Int = 0) {
        self.entries = entries
        self.omitted = omitted
    }
}

/// A whole message, sent or received.
public struct MessageView: Codable, Hashable, Sendable {
    /// Its header in words.
    public var labels: MessageLabels
    /// The content in the protobuf JSON mapping; `nil` when it is gone or cannot be opened.
    public var body: JSONValue?
    /// The mailbox entry, when it was received here.
    public var inbox: InboxEntry?
    /// The outbox entry, when it was sent from here.
    public var outbox: OutboxEntry?

    /// Makes a view.
    public init(
        labels: MessageLabels,
        body: JSONValue?,
        inbox: InboxEntry? = nil,
        outbox: OutboxEntry? = nil
    ) {
        self.labels = labels
        self.body = body
        self.inbox = inbox
        self.outbox = outbox
    }
}
