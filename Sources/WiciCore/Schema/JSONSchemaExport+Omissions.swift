// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What the exported JSON Schema does not say. Documentation.docc/JSONSchema.md explains each; a test
// keeps the two alike.

extension JSONSchemaExport {
    /// A rule that JSON Schema has no words for.
    public struct Omission: Hashable, Sendable {
        /// A short stable name.
        public let name: String
        /// What the schema lets through, or refuses, and the validator does not.
        public let sentence: Bilingual
    }

    /// The rules that JSON Schema cannot express, or expresses more narrowly.
    public static let notExpressible: [Omission] = [
        Omission(
            name: "normalization",
            sentence: Bilingual(
                polish: "Tekst musi być w postaci Unicode NFC; schemat tego nie sprawdza.",
                english:
                    "Text must be in Unicode normalization form C; the schema does not check it."
            )
        ),
        Omission(
            name: "invisible",
            sentence: Bilingual(
                polish:
                    "Znaków łączących i wariantów nie może być tam, gdzie pismo ich nie potrzebuje, "
                    + "a znaków ukrytych spoza pierwszej płaszczyzny Unicode nie może być wcale.",
                english:
                    "Joiners and variation selectors may not stand where no script needs them, and "
                    + "hidden characters beyond the first plane of Unicode may not stand at all."
            )
        ),
        Omission(
            name: "calendar",
            sentence: Bilingual(
                polish: "Dzień musi istnieć w kalendarzu (30 lutego nie istnieje), rok od 0001.",
                english:
                    "The day must exist in the calendar (30 February does not), year from 0001."
            )
        ),
        Omission(
            name: "order",
            sentence: Bilingual(
                polish: "Początek okresu nie może być po końcu; schemat nie porównuje dwóch pól.",
                english: "A period may not start after its end; the schema compares no two fields."
            )
        ),
        Omission(
            name: "empty-is-absent",
            sentence: Bilingual(
                polish:
                    "Pusty tekst, pusta lista i null znaczą brak pola; schemat chce pola pominiętego.",
                english:
                    "An empty text, an empty list and null mean absence; the schema wants none of them."
            )
        ),
        Omission(
            name: "quoted-numbers",
            sentence: Bilingual(
                polish:
                    "Liczba w cudzysłowie jest czytana jak liczba; schemat chce jej bez cudzysłowu.",
                english:
                    "A number in quotes is read as a number; the schema wants it without quotes."
            )
        ),
        Omission(
            name: "header",
            sentence: Bilingual(
                polish: "Tematy w nagłówku muszą odpowiadać treści; schemat opisuje samą treść.",
                english:
                    "The header's topics must be those of the body; the schema is of the body alone."
            )
        ),
        Omission(
            name: "beside-header",
            sentence: Bilingual(
                polish:
                    "Podstawa przekazania i zgoda na publikację bywają wymagane przez nagłówek.",
                english: "The header can demand a legal ground and consent to publication."
            )
        ),
        Omission(
            name: "size",
            sentence: Bilingual(
                polish: "Cała treść może mieć najwyżej 256 KiB i 8192 pola.",
                english: "The whole body may have at most 256 KiB and 8,192 fields."
            )
        ),
    ]
}
