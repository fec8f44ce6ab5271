// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Calendar arithmetic without a time zone database: dates of the Gregorian calendar, moments as
// RFC 3339 writes them, and the clock of Europe/Warsaw by the European summer time rule.

/// A date of the Gregorian calendar that really exists, years 1 to 9999.
public struct CivilDate: Hashable, Sendable, Comparable, CustomStringConvertible {
    /// The year, 1 to 9999.
    public let year: Int
    /// The month, 1 to 12.
    public let month: Int
    /// The day of the month, from 1.
    public let day: Int

    /// Takes a date; `nil` when the calendar has no such day.
    public init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month),
            day >= 1, day <= Self.days(inMonth: month, of: year)
        else { return nil }
        self.year = year
        self.month = month
        self.day = day
    }

    /// Parses `YYYY-MM-DD` (RFC 3339 full-date); `nil` for another form or a day that never was.
    public init?(_ text: String) {
        var text = text
        guard let date = text.withUTF8({ Self.parse($0) }) else { return nil }
        self = date
    }

    /// The date a number of days after 1970-01-01, held within the years 1 to 9999.
    public init(daysSinceEpoch days: Int) {
        // Counted from 0000-03-01, so that the leap day is the last day of its year.
        let shifted = min(max(days, -719_162), 2_932_896) + 719_468
        let era = shifted / 146_097
        let dayOfEra = shifted - era * 146_097
        let yearOfEra =
            (dayOfEra - dayOfEra / 1460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        self.day = dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        self.month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.year = yearOfEra + era * 400 + (self.month <= 2 ? 1 : 0)
    }

    /// Days since 1970-01-01, negative before it.
    public var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear / 400
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// Day of the week, 1 for Monday to 7 for Sunday (ISO 8601).
    public var weekday: Int {
        let remainder = (daysSinceEpoch + 3) % 7
        return (remainder < 0 ? remainder + 7 : remainder) + 1
    }

    /// The date a number of days later.
    public func adding(days: Int) -> CivilDate {
        CivilDate(daysSinceEpoch: daysSinceEpoch + days)
    }

    /// `YYYY-MM-DD`.
    public var description: String {
        "\(padded(year, 4))-\(padded(month, 2))-\(padded(day, 2))"
    }

    /// Orders by time.
    public static func < (left: CivilDate, right: CivilDate) -> Bool {
        (left.year, left.month, left.day) < (right.year, right.month, right.day)
    }

    /// Number of days in a month.
    static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: (year % 4 == 0 && year % 100 != 0) || year % 400 == 0 ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> CivilDate? {
        guard bytes.count == 10 else { return nil }
        return parsePrefix(bytes)
    }

    /// Reads the first ten bytes; there must be that many.
    static func parsePrefix(_ bytes: UnsafeBufferPointer<UInt8>) -> CivilDate? {
        guard bytes[4] == UInt8(ascii: "-"), bytes[7] == UInt8(ascii: "-"),
            let year = digits(bytes, 0, 4), let month = digits(bytes, 5, 2),
            let day = digits(bytes, 8, 2)
        else { return nil }
        return CivilDate(year: year, month: month, day: day)
    }
}

extension Moment {
    /// Parses an RFC 3339 date-time with seconds and an offset; `nil` for anything else.
    ///
    /// A capital T and Z, at most nine fractional digits, offsets up to 23:59, no leap second.
    public init?(rfc3339 text: String) {
        var text = text
        guard let moment = text.withUTF8({ Self.parse($0) }) else { return nil }
        self = moment
    }

    /// RFC 3339 text in UTC with milliseconds, for example `2026-11-23T08:15:00.000Z`; held within
    /// the years 1 to 9999.
    public var utcText: String {
        let held = heldInCalendar.milliseconds
        let days = held.flooredDivision(by: 86_400_000)
        let rest = Int(held - days * 86_400_000)
        let clock = [rest / 3_600_000, rest / 60_000 % 60, rest / 1_000 % 60].map { padded($0, 2) }
        return "\(CivilDate(daysSinceEpoch: Int(days)))T\(clock.joined(separator: ":"))"
            + ".\(padded(rest % 1_000, 3))Z"
    }

    static func parse(_ bytes: UnsafeBufferPointer<UInt8>) -> Moment? {
        guard (20...35).contains(bytes.count), let date = CivilDate.parsePrefix(bytes),
            bytes[10] == UInt8(ascii: "T"), bytes[13] == UInt8(ascii: ":"),
            bytes[16] == UInt8(ascii: ":"),
            let hour = digits(bytes, 11, 2), let minute = digits(bytes, 14, 2),
            let second = digits(bytes, 17, 2), hour < 24, minute < 60, second < 60
        else { return nil }
        var position = 19
        var millisecond = 0
        if bytes[position] == UInt8(ascii: ".") {
            var unit = 100
            position += 1
            let start = position
            while position < bytes.count, let digit = digits(bytes, position, 1) {
                millisecond += digit * unit
                unit /= 10
                position += 1
            }
            guard (1...9).contains(position - start) else { return nil }
        }
        guard let offset = parseOffset(bytes, at: position) else { return nil }
        let minutes = (date.daysSinceEpoch * 24 + hour) * 60 + minute - offset
        return Moment(milliseconds: Int64((minutes * 60 + second) * 1000 + millisecond))
    }

    /// Minutes east of Greenwich.
    private static func parseOffset(_ bytes: UnsafeBufferPointer<UInt8>, at position: Int) -> Int? {
        guard position < bytes.count else { return nil }
        if bytes[position] == UInt8(ascii: "Z") {
            return position + 1 == bytes.count ? 0 : nil
        }
        guard bytes[position] == UInt8(ascii: "+") || bytes[position] == UInt8(ascii: "-"),
            bytes.count == position + 6, bytes[position + 3] == UInt8(ascii: ":"),
            let hours = digits(bytes, position + 1, 2),
            let minutes = digits(bytes, position + 4, 2),
            hours < 24, minutes < 60
        else { return nil }
        let offset = hours * 60 + minutes
        return bytes[position] == UInt8(ascii: "-") ? -offset : offset
    }
}

/// The clock of Europe/Warsaw: one hour ahead of UTC, two in summer time.
///
/// Summer time lasts from 01:00 UTC on the last Sunday of March to 01:00 UTC on the last Sunday of
/// October (Directive 2000/84/EC).
public enum WarsawTime {
    /// Minutes ahead of UTC at a moment: 60 or 120.
    public static func offsetMinutes(at moment: Moment) -> Int {
        let moment = moment.heldInCalendar
        let day = Int(moment.milliseconds.flooredDivision(by: 86_400_000))
        let year = CivilDate(daysSinceEpoch: day).year
        let hour: Int64 = 3_600_000
        let start = Int64(lastSunday(ofMonth: 3, year)) * 24 * hour + hour
        let end = Int64(lastSunday(ofMonth: 10, year)) * 24 * hour + hour
        return (start..<end).contains(moment.milliseconds) ? 120 : 60
    }

    /// The date on the wall at a moment, held within the years 1 to 9999.
    public static func date(at moment: Moment) -> CivilDate {
        let moment = moment.heldInCalendar
        let local = moment.milliseconds + Int64(offsetMinutes(at: moment)) * 60_000
        return CivilDate(daysSinceEpoch: Int(local.flooredDivision(by: 86_400_000)))
    }

    /// The moment at which the wall clock shows a date and a number of milliseconds after midnight.
    ///
    /// An hour that summer time skips is read with the offset of winter time.
    public static func moment(on date: CivilDate, millisecondsOfDay: Int64) -> Moment {
        let local = Int64(date.daysSinceEpoch) * 86_400_000 + millisecondsOfDay
        let summer = Moment(milliseconds: local - 7_200_000)
        return offsetMinutes(at: summer) == 120
            ? summer : Moment(milliseconds: local - 3_600_000)
    }

    /// A moment as RFC 3339 text with the offset of Warsaw, for example `2026-03-24T09:00:00+01:00`;
    /// held within the years 1 to 9999.
    public static func text(of moment: Moment) -> String {
        let moment = moment.heldInCalendar
        let offset = offsetMinutes(at: moment)
        let local = moment.milliseconds + Int64(offset) * 60_000
        let date = CivilDate(daysSinceEpoch: Int(local.flooredDivision(by: 86_400_000)))
        let seconds = Int(local.flooredDivision(by: 1000)) - date.daysSinceEpoch * 86_400
        let clock = [seconds / 3600, seconds / 60 % 60, seconds % 60].map { padded($0, 2) }
        return "\(date)T\(clock.joined(separator: ":"))+\(padded(offset / 60, 2)):00"
    }

    private static func lastSunday(ofMonth month: Int, _ year: Int) -> Int {
        guard let last = CivilDate(year: year, month: month, day: 31) else { return 0 }
        return last.daysSinceEpoch - last.weekday % 7
    }
}

extension Moment {
    /// The moment, or the first or last that has a date in Warsaw.
    ///
    /// Times in messages are claims: the calendar must not overflow whatever they say.
    fileprivate var heldInCalendar: Moment {
        let first: Int64 = -719_162 * 86_400_000
        let last: Int64 = 2_932_897 * 86_400_000 - 7_200_000 - 1
        return Moment(milliseconds: min(max(milliseconds, first), last))
    }
}

extension Int64 {
    /// Division that rounds towards negative infinity, as calendars need before 1970.
    func flooredDivision(by divisor: Int64) -> Int64 {
        self >= 0 ? self / divisor : -1 - ~self / divisor
    }
}

/// Reads a fixed number of decimal digits; `nil` when there are other bytes.
func digits(_ bytes: UnsafeBufferPointer<UInt8>, _ start: Int, _ count: Int) -> Int? {
    guard start + count <= bytes.count else { return nil }
    var value = 0
    for position in start..<start + count {
        let digit = bytes[position] &- UInt8(ascii: "0")
        guard digit <= 9 else { return nil }
        value = value * 10 + Int(digit)
    }
    return value
}

private func padded(_ number: Int, _ width: Int) -> String {
    let text = String(number)
    return String(repeating: "0", count: max(0, width - text.utf8.count)) + text
}
