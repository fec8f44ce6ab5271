// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What programs and people hand over: bodies of HTTP requests, ids and times, lines of an export.

import Foundation
import SwiftProtobuf
import WiciCore
import WiciLedger
import WiciNode

extension FuzzTarget {
    /// The body of an HTTP request, as a draft, a note and a list of subscriptions.
    static let request = FuzzTarget("request", longestInput: 16 << 10) { input in
        _ = accepted { () throws(NodeError) in try RequestBody.note(input) }
        if let list = accepted({ () throws(NodeError) in try RequestBody.subscriptions(input) }) {
            let again = try RequestBody.subscriptions(NodeJSON.encoder().encode(list))
            try require(again == list, "accepted subscriptions survive JSON")
        }
        if let value = accepted({ () throws(PlainValueError) in try PlainValue(json: input) }) {
            let again = try PlainValue(json: Data(value.json().utf8))
            try require(again == value, "accepted JSON is read from what is written of it")
        }
        guard let draft = accepted({ () throws(NodeError) in try RequestBody.draft(input) })
        else { return }
        let context = try FuzzNetwork.shared.get().context(number: 4)
        guard
            let message = accepted({ () throws(DraftError) in
                try draft.compose(context: context)
            })
        else { return }
        let faults = HeaderValidator.current.check(message.header)
        try require(faults.isEmpty, "a composed header has no fault")
        let body = try MessageBody(type: message.header.type, bytes: message.body)
        try require(body == message.content, "a composed body reads the same")
        try require(Validator.current.check(body).faults.isEmpty, "a composed body has no fault")
    }

    /// Ids, codes, times and keys as text: what is accepted is written as it was read.
    static let identifiers = FuzzTarget("identifiers", longestInput: 512) { input in
        guard let text = String(validating: input, as: UTF8.self) else { return }
        let written: [String?] = [
            NodeID(text).map(\.text),
            InstitutionID(text).map(\.text), TeamID(text).map(\.text), Code(text).map(\.text),
            RegionCode(text).map(\.text), RoleAddress(text).map(\.description),
            CivilDate(text).map(\.description), PartialDate(text).map(\.description),
            Digest(hexadecimal: text).map(\.hexadecimal),
            RawPublicKey(hexadecimal: text).map(\.hexadecimal),
            Moment(timestamp: text).map(\.timestamp),
        ]
        for other in written.compactMap({ $0 }) {
            try require(other == text, "an accepted id is written as it was read")
        }
        if let moment = Moment(rfc3339: text) {
            let date = WarsawTime.date(at: moment)
            try require((0...9999).contains(date.year), "a moment has a date")
            let again = Moment(rfc3339: WarsawTime.text(of: moment))
            try require(
                again.map { moment.milliseconds - $0.milliseconds < 1_000 } ?? true,
                "a moment is read from what is written of it"
            )
        }
        if let date = CivilDate(text) {
            let again = CivilDate(daysSinceEpoch: date.daysSinceEpoch)
            try require(again == date, "a date is the days since the epoch")
        }
        if let id = MessageID(text) {
            try require(MessageID(bytes: id.data) == id, "an id is its bytes")
            try require(id.description == text.lowercased(), "an id is read in any case")
        }
    }

    /// A line of an audit export.
    static let export = FuzzTarget("export", longestInput: 8 << 10) { input in
        guard
            let entry = accepted({ () throws(LedgerError) in
                try AuditExport.entry(line: input, number: 0)
            })
        else { return }
        let line = try AuditExport.line(entry)
        try require(line.dropLast() == input, "an accepted line is written as it was read")
    }
}
