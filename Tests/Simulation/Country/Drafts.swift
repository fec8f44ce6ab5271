// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The texts that letters are made of: fictional, in the words of Deploy/network/messages.

import Foundation
import WiciCore

extension Letters {
    struct Draft {
        let yaml: String
        /// Whether each letter names its own recipients.
        var isNamed = false
        var isSealed = false
    }

    struct Composed {
        let header: WireHeader
        let body: Data
        let isNamed: Bool
        let isSealed: Bool
    }

    static func compose(_ draft: Draft, _ country: Country) throws -> Composed {
        let composed = try MessageDraft(yaml: draft.yaml).compose(
            context: DraftContext(
                sender: country.members[0].node,
                senderKind: country.members[0].kind,
                operator: "op-1",
                now: Country.noon,
                messageID: MessageID(milliseconds: Country.noon.milliseconds, random: (1, 2))
            )
        )
        return Composed(
            header: composed.header,
            body: composed.body,
            isNamed: draft.isNamed,
            isSealed: draft.isSealed
        )
    }

    static let drafts = [
        Draft(yaml: goodPractice(marking: "TLP:GREEN")),
        Draft(yaml: goodPractice(marking: "TLP:GREEN"), isNamed: true),
        Draft(yaml: warning),
        Draft(yaml: caseAlert(marking: "TLP:AMBER")),
        Draft(yaml: infoRequest, isNamed: true),
        Draft(yaml: caseAlert(marking: "TLP:AMBER+STRICT"), isNamed: true, isSealed: true),
        // No grant reaches this far.
        Draft(yaml: goodPractice(marking: "TLP:AMBER")),
    ]

    private static func goodPractice(marking: String) -> String {
        """
        type: good-practice
        marking: \(marking)
        urgency: UR-1
        to: {regions: [PL]}
        body:
          common: {title: "PRZYKŁAD: rozmowa w autobusie"}
          domain: GP-IDE
          problem: Pracownicy milczą przy nadzorcy.
          steps: Podstawiony pojazd i dwie osoby.
          result: Liczba relacji wzrosła dwukrotnie.
          cost: KO-LOW
          contact: koordynator zespołu
        """
    }

    private static let warning = """
        type: warning
        marking: TLP:GREEN
        urgency: UR-2
        to: {regions: [PL]}
        body:
          common: {title: "PRZYKŁAD: fałszywe ogłoszenia", validUntil: "2027-06-30"}
          pattern: W komunikatorach krąży oferta; warunkiem jest zdjęcie paszportu i opłata 300 zł.
          forms: [EX-LAB]
          indicators: [R03, R04, O01]
          regions: [PL-06]
          channel: CH-MSG
          advice: Sprawdzaj pośrednika w rejestrze agencji.
          publicOk: true
          publicationConsent: naczelnik wydziału prewencji
        """

    private static func caseAlert(marking: String) -> String {
        """
        type: case-alert
        marking: \(marking)
        urgency: UR-3
        to: {regions: [PL-06], kinds: [IK-POL, IK-SG, IK-PRO, IK-UW]}
        body:
          common:
            title: "PRZYKŁAD: kwatera pracownicza, powiat wzorowicki"
            sourceEvaluation: A
            informationEvaluation: "2"
          facts: Podczas kontroli 14 osób podało jednakową opowieść o umowach.
          forms: [EX-LAB]
          means: [ME-3, ME-5]
          acts: [AC-REC, AC-HAR]
          indicators: [G03, C01, L01, L08]
          place: "06"
          placeKind: PK-LOD
          personsEstimated: 14
          minors: YN-NO
          expectation: XP-CHK
        """
    }

    private static let infoRequest = """
        type: info-request
        marking: TLP:GREEN
        urgency: UR-2
        purpose: support
        to: {regions: [PL-06]}
        body:
          common: {title: "PRZYKŁAD: miejsca bez znajomości polskiego"}
          question: Które ośrodki przyjmują mężczyzn bez znajomości polskiego?
          purpose: support
          answerDue: "2026-12-11T15:00:00+01:00"
        """
}
