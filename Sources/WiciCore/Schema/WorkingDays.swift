// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// The Polish working-day calendar: statutory days off as data, Easter computed, from which the
// default deadline of an acknowledgement follows.

/// The days on which Polish offices work.
public struct WorkingDays: Sendable {
    private struct FixedDay {
        let month: Int
        let day: Int
        /// The first year in which the day was off.
        var since = 1
    }

    /// The calendar in force.
    public static let current = WorkingDays()

    private let fixedDaysOff = [
        FixedDay(month: 1, day: 1),
        FixedDay(month: 1, day: 6, since: 2011),
        FixedDay(month: 5, day: 1),
        FixedDay(month: 5, day: 3),
        FixedDay(month: 8, day: 15),
        FixedDay(month: 11, day: 1),
        FixedDay(month: 11, day: 11),
        FixedDay(month: 12, day: 24, since: 2025),
        FixedDay(month: 12, day: 25),
        FixedDay(month: 12, day: 26),
    ]
    /// Easter Sunday and Monday, Pentecost, Corpus Christi: days after Easter Sunday.
    private let daysOffAfterEaster = [0, 1, 49, 60]

    /// True on Monday to Friday unless the day is a statutory day off.
    public func contains(_ date: CivilDate) -> Bool {
        guard date.weekday <= 5 else { return false }
        let isFixed = fixedDaysOff.contains {
            $0.month == date.month && $0.day == date.day && $0.since <= date.year
        }
        guard !isFixed, let easter = Self.easterSunday(of: date.year) else { return false }
        return !daysOffAfterEaster.contains(date.daysSinceEpoch - easter.daysSinceEpoch)
    }

    /// The date a number of working days later; the day itself is not counted.
    public func date(after date: CivilDate, workingDays count: Int) -> CivilDate {
        var result = date
        var left = min(count, 366)
        while left > 0 {
            result = result.adding(days: 1)
            if contains(result) { left -= 1 }
        }
        return result
    }

    /// When a message must be acknowledged at the latest.
    ///
    /// Minutes run around the clock. Working days end at the same time of the Warsaw day as the
    /// message was sent. `nil` when no acknowledgement is due.
    public func deadline(from sent: Moment, within: AcknowledgeWithin) -> Moment? {
        switch within {
        case .never:
            return nil
        case .minutes(let minutes):
            return sent.adding(milliseconds: Int64(minutes) * 60_000)
        case .workingDays(let count):
            let today = WarsawTime.date(at: sent)
            let midnight = WarsawTime.moment(on: today, millisecondsOfDay: 0)
            return WarsawTime.moment(
                on: date(after: today, workingDays: count),
                millisecondsOfDay: sent.milliseconds - midnight.milliseconds
            )
        }
    }

    /// Easter Sunday of the Gregorian calendar, by the epact and the dominical number.
    static func easterSunday(of year: Int) -> CivilDate? {
        let century = year / 100
        let golden = year % 19
        let moonCorrection = (century - (century - 17) / 25) / 3
        var epact = (century - century / 4 - moonCorrection + 19 * golden + 15) % 30
        epact -= (epact / 28) * (1 - (epact / 28) * (29 / (epact + 1)) * ((21 - golden) / 11))
        let weekday = (year + year / 4 + epact + 2 - century + century / 4) % 7
        let offset = epact - weekday
        let month = 3 + (offset + 40) / 44
        return CivilDate(year: year, month: month, day: offset + 28 - 31 * (month / 4))
    }
}

/// How soon a message of an urgency must be acknowledged.
public enum AcknowledgeWithin: Hashable, Sendable {
    /// No acknowledgement is due.
    case never
    /// Minutes around the clock.
    case minutes(Int)
    /// Working days of the Polish calendar.
    case workingDays(Int)

    /// Parses `none`, `30m`, `4h` or `2wd`; `nil` for anything else.
    public init?(_ text: String) {
        if text == "none" {
            self = .never
        } else if text.hasSuffix("wd"), let days = Int(text.dropLast(2)), (1...30).contains(days) {
            self = .workingDays(days)
        } else if text.hasSuffix("m"), let minutes = Int(text.dropLast()),
            (1...1440).contains(minutes)
        {
            self = .minutes(minutes)
        } else if text.hasSuffix("h"), let hours = Int(text.dropLast()), (1...720).contains(hours) {
            self = .minutes(hours * 60)
        } else {
            return nil
        }
    }
}
