// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// What faults say to people, in both languages.

extension Fault {
    static func missing(_ field: FieldSchema, at path: String) -> Fault {
        Fault(.missing, at: path, label: field.label, "wypełnij to pole.", "fill in this field.")
    }

    /// A field that the header's labels demand.
    static func missing(
        _ field: FieldSchema,
        because condition: HeaderCondition,
        _ header: WireHeader
    ) -> Fault {
        let label = condition.label.name
        let value = condition.label.value(in: header)
        return Fault(
            .missing,
            at: field.jsonName,
            label: field.label,
            "wypełnij to pole, bo w nagłówku jest: \(label.polish) = \(value).",
            "fill in this field, because the header says: \(label.english) = \(value)."
        )
    }

    static func forbiddenHere(_ field: FieldSchema, at path: String) -> Fault {
        Fault(
            .forbiddenHere,
            at: path,
            label: field.label,
            "przy pozostałych odpowiedziach zostaw to pole puste.",
            "with the other answers given, leave this field empty."
        )
    }

    static func unknownCode(_ field: FieldSchema, at path: String) -> Fault {
        let list = field.codeList ?? ""
        return Fault(
            .unknownCode,
            at: path,
            label: field.label,
            "takiego kodu nie ma na liście „\(list)”.",
            "list \"\(list)\" has no such code."
        )
    }

    static func tooLong(_ field: FieldSchema, limit: Int, at path: String) -> Fault {
        Fault(
            .tooLong,
            at: path,
            label: field.label,
            "skróć tekst do \(limit) znaków.",
            "shorten the text to \(limit) characters."
        )
    }

    static func tooMany(_ field: FieldSchema, limit: Int, at path: String) -> Fault {
        Fault(
            .tooMany,
            at: path,
            label: field.label,
            "najwyżej \(limit) pozycji.",
            "at most \(limit) items."
        )
    }

    static func duplicate(_ field: FieldSchema, at path: String) -> Fault {
        Fault(
            .duplicate,
            at: path,
            label: field.label,
            "ta pozycja już jest na liście.",
            "this item is already on the list."
        )
    }

    static func blank(_ field: FieldSchema, at path: String) -> Fault {
        Fault(.blank, at: path, label: field.label, "tekst jest pusty.", "the text is blank.")
    }

    static func controlCharacter(_ field: FieldSchema, at path: String) -> Fault {
        let polish =
            field.kind == .longText
            ? "usuń znaki sterujące; dozwolony jest tylko nowy wiersz."
            : "usuń znaki sterujące i nowe wiersze."
        let english =
            field.kind == .longText
            ? "remove control characters; only newline is allowed."
            : "remove control characters and newlines."
        return Fault(.controlCharacter, at: path, label: field.label, polish, english)
    }

    static func invisibleCharacter(_ field: FieldSchema, at path: String) -> Fault {
        Fault(
            .invisibleCharacter,
            at: path,
            label: field.label,
            "usuń niewidoczne znaki; jeśli ich nie widzisz, wpisz tekst na nowo.",
            "remove invisible characters; if you do not see them, type the text anew."
        )
    }

    static func notNormalized(_ field: FieldSchema, at path: String) -> Fault {
        Fault(
            .notNormalized,
            at: path,
            label: field.label,
            "tekst musi być w postaci Unicode NFC.",
            "the text must be in Unicode normalization form C."
        )
    }

    static func outOfRange(_ check: CompiledField, at path: String) -> Fault {
        let field = check.schema
        let (polish, english) =
            switch (field.minimum, field.maximum) {
            case (let low?, let high?):
                ("podaj liczbę od \(low) do \(high).", "give a number from \(low) to \(high).")
            case (let low?, nil):
                ("podaj liczbę nie mniejszą niż \(low).", "give a number of at least \(low).")
            case (nil, let high?):
                ("podaj liczbę nie większą niż \(high).", "give a number of at most \(high).")
            case (nil, nil): ("liczba jest za duża.", "the number is too large.")
            }
        return Fault(.outOfRange, at: path, label: field.label, polish, english)
    }

    static func badForm(_ field: FieldSchema, at path: String) -> Fault {
        let (code, polish, english): (FaultCode, String, String) =
            switch field.kind {
            case .date:
                (.badDate, "podaj istniejącą datę RRRR-MM-DD.", "give an existing date YYYY-MM-DD.")
            case .time:
                (
                    .badTime,
                    "podaj datę i godzinę z przesunięciem, np. 2026-03-24T09:00:00+01:00.",
                    "give date and time with an offset, e.g. 2026-03-24T09:00:00+01:00."
                )
            case .place:
                (
                    .badPlace, "podaj kod TERYT: 2, 4 lub 7 cyfr istniejącego województwa.",
                    "give a TERYT code: 2, 4 or 7 digits within an existing voivodeship."
                )
            case .caseKey:
                (.badCaseKey, "podaj klucz HL-TT-RRRR-NNNN.", "give a key HL-TT-YYYY-NNNN.")
            case .file:
                (
                    .badDigest, "podaj skrót SHA-256: 64 cyfry szesnastkowe małymi literami.",
                    "give a SHA-256 digest: 64 lower-case hexadecimal digits."
                )
            default:
                (.badID, "identyfikator ma złą postać.", "the id is not of the right form.")
            }
        return Fault(code, at: path, label: field.label, polish, english)
    }

    static func outOfOrder(_ order: CompiledOrder, at path: String) -> Fault {
        let other = order.earlier.schema.label
        return Fault(
            .datesOutOfOrder,
            at: path,
            label: order.later.schema.label,
            order.isStrict
                ? "musi być później niż „\(other.polish)”."
                : "nie może być wcześniej niż „\(other.polish)”.",
            order.isStrict
                ? "must be later than \"\(other.english)\"."
                : "must not be before \"\(other.english)\"."
        )
    }

    static func sumNotPositive(_ fields: [FieldSchema], at path: String) -> Fault {
        let label = Bilingual(
            polish: fields.map(\.label.polish).joined(separator: " + "),
            english: fields.map(\.label.english).joined(separator: " + ")
        )
        return Fault(
            .sumNotPositive,
            at: path,
            label: label,
            "suma musi być większa od zera.",
            "the sum must be above zero."
        )
    }

    static func noneGiven(_ fields: [FieldSchema], at path: String) -> Fault {
        let label = Bilingual(
            polish: fields.map(\.label.polish).joined(separator: ", "),
            english: fields.map(\.label.english).joined(separator: ", ")
        )
        return Fault(
            .missing,
            at: path,
            label: label,
            "wypełnij przynajmniej jedno z tych pól.",
            "fill in at least one of these fields."
        )
    }

    static func unknownField(at path: String) -> Fault {
        Fault(
            path: path,
            code: .unknownField,
            sentence: Bilingual(
                polish: "Schemat nie ma takiego pola.",
                english: "The schema has no such field."
            )
        )
    }

    static func wrongType(at path: String, _ polish: String, _ english: String) -> Fault {
        Fault(
            path: path,
            code: .wrongType,
            sentence: Bilingual(polish: polish, english: english)
        )
    }

    static let moreFaults = Fault(
        path: "",
        code: .moreFaults,
        sentence: Bilingual(
            polish: "Jest więcej błędów; popraw najpierw te.",
            english: "There are more faults; correct these first."
        )
    )
}
