// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Planted bugs. Each changes what passes between the real machines and their surroundings, so that
// production code has no switches; a checker that lets one live is not worth its name.

/// A bug that can be switched on.
enum Mutation: String, CaseIterable {
    case acknowledgeBeforeSync = "acknowledge-before-sync"
    case ignoreFailedCommit = "ignore-failed-commit"
    case skipRule = "skip-rule"
    case deliverWithoutAsking = "deliver-without-asking"
    case proveWithoutAsking = "prove-without-asking"
    case forgetRevocation = "forget-revocation"
    case staleRelease = "stale-release"
    case reuseNumber = "reuse-number"
    case dropDeduplication = "drop-deduplication"
    case reorderOutcomes = "reorder-outcomes"
    case forgetSubscriptions = "forget-subscriptions"
    case wrongTombstone = "wrong-tombstone"
    case misdeliver = "misdeliver"
    case skipNumber = "skip-number"
    case sentIsDelivered = "sent-is-delivered"
    case unrecordedRefusal = "unrecorded-refusal"
    case unrecordedAudit = "unrecorded-audit"
    case signBeforeReadBack = "sign-before-read-back"
    case forkHistory = "fork-history"
    case proveAnotherGrowth = "prove-another-growth"
    case receiptForAnother = "receipt-for-another"
    case acknowledgeBeforeStoring = "acknowledge-before-storing"
    case forgetOutbox = "forget-outbox"
    case settleAnyRefusal = "settle-any-refusal"
    case storeTwice = "store-twice"
    case newestFirst = "newest-first"

    /// What is wrong when it is on.
    var sentence: String {
        switch self {
        case .acknowledgeBeforeSync: "The hub's disk says synced and has written nothing."
        case .ignoreFailedCommit: "A transaction that failed is reported as committed."
        case .skipRule: "The hub decides by the first policy whatever is in force."
        case .deliverWithoutAsking: "Mail from before a release is delivered without asking again."
        case .proveWithoutAsking: "A proof from before a release is given without asking again."
        case .forgetRevocation: "The hub takes a registry without its revocations."
        case .staleRelease: "After a restart the hub goes back to the first registry and policy."
        case .reuseNumber: "A restart forgets the last message, and its mailbox numbers come again."
        case .dropDeduplication: "A message that comes again is delivered again."
        case .reorderOutcomes: "Two messages of one transaction get each other's place."
        case .forgetSubscriptions: "A restart forgets who has subscribed."
        case .wrongTombstone: "A tombstone stands where the content is there and granted."
        case .misdeliver: "A delivery goes to another node's connection."
        case .skipNumber: "A delivery has the number after its own."
        case .sentIsDelivered: "What was sent is recorded as delivered."
        case .unrecordedRefusal: "A refusal is answered and not recorded."
        case .unrecordedAudit: "An auditor reads and it is not recorded."
        case .signBeforeReadBack: "A checkpoint is signed without reading the entries back."
        case .forkHistory: "A checkpoint is signed over another history."
        case .proveAnotherGrowth: "The ledger is proved to have grown from another one."
        case .receiptForAnother: "A receipt names the place of an earlier message."
        case .acknowledgeBeforeStoring: "A node acknowledges before its disk has the delivery."
        case .forgetOutbox: "A node that starts again forgets what was under way."
        case .settleAnyRefusal: "A node takes a request for patience as a refusal for good."
        case .storeTwice: "A node stores a delivery that it has already under a new number."
        case .newestFirst: "A node hands out the newest letters of its outbox first."
        }
    }
}
