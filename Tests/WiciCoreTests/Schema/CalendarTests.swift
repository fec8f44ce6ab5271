// SPDX-License-Identifier: Apache-2.0
// Copyright 2026 the Wici authors

// Calendar arithmetic against dates that anybody can look up.

import Testing
import WiciCore

struct CalendarTests {
    @Test(arguments: [
        ("1970-01-01", 0, 4), ("2000-02-29", 11_016, 2), ("2026-11-23", 20_780, 1),
        ("1969-12-31", -1, 3), ("2400-02-29", 157_113, 2),
    ])
    func `a date counts its days since 1970 and knows its weekday`(
        text: String,
        days: Int,
        weekday: Int
    ) throws {
        let date = try #require(CivilDate(text))
        #expect(date.daysSinceEpoch == days)
        #expect(date.weekday == weekday)
        #expect(CivilDate(daysSinceEpoch: days) == date)
        #expect(date.description == text)
    }

    @Test(arguments: [
        "2026-02-29", "2026-13-01", "2026-00-10", "2026-04-31", "2026-1-01", "20260101",
        "0000-01-01", "2026-01-01 ", "٢٠٢٦-01-01", "", "2100-02-29",
    ])
    func `a day that never was is no date`(text: String) {
        #expect(CivilDate(text) == nil)
    }

    @Test func `every day of four centuries survives the round trip`() {
        for day in -40_000...110_000 {
            #expect(CivilDate(daysSinceEpoch: day).daysSinceEpoch == day)
        }
    }

    @Test(
        arguments: [
            ("1970-01-01T00:00:00Z", 0), ("2026-03-24T09:00:00+01:00", 1_774_339_200_000),
            ("2026-03-24T08:00:00.125Z", 1_774_339_200_125),
            ("2026-03-24T03:30:00-04:30", 1_774_339_200_000),
        ] as [(String, Int64)]
    )
    func `a moment is read with its offset`(text: String, milliseconds: Int64) {
        #expect(Moment(rfc3339: text)?.milliseconds == milliseconds)
    }

    @Test(arguments: [
        "2026-03-24T09:00:00", "2026-03-24 09:00:00Z", "2026-03-24T24:00:00Z",
        "2026-03-24T09:60:00Z", "2026-03-24T09:00:60Z", "2026-03-24t09:00:00z",
        "2026-03-24T09:00:00.Z", "2026-03-24T09:00:00+1:00", "2026-03-24T09:00:00+01:00Z",
        "2026-02-30T09:00:00Z", "2026-03-24T09:00Z", "2026-03-24T09:00:00+0100",
    ])
    func `what is not quite RFC 3339 is no moment`(text: String) {
        #expect(Moment(rfc3339: text) == nil)
    }

    @Test(arguments: [
        ("2026-03-29T00:59:59Z", 60), ("2026-03-29T01:00:00Z", 120),
        ("2026-10-25T00:59:59Z", 120), ("2026-10-25T01:00:00Z", 60),
        ("2027-03-28T01:00:00Z", 120), ("2026-01-15T12:00:00Z", 60),
    ])
    func `Warsaw changes its clock on the last Sundays of March and October`(
        text: String,
        minutes: Int
    ) throws {
        let moment = try #require(Moment(rfc3339: text))
        #expect(WarsawTime.offsetMinutes(at: moment) == minutes)
        let local = WarsawTime.text(of: moment)
        #expect(Moment(rfc3339: local) == moment)
    }

    @Test(arguments: [
        "2024-04-01", "2025-04-20", "2025-04-21", "2025-06-08", "2025-06-19", "2026-04-06",
        "2027-03-29", "2026-01-06", "2026-11-11", "2025-12-24", "2026-12-25", "2038-04-26",
        "2026-11-22", "2026-11-21",
    ])
    func `offices are closed on feast days and weekends`(text: String) throws {
        #expect(!WorkingDays.current.contains(try #require(CivilDate(text))))
    }

    @Test(arguments: ["2024-12-24", "2026-11-23", "2026-04-07", "2026-12-28"])
    func `offices are open on other days`(text: String) throws {
        #expect(WorkingDays.current.contains(try #require(CivilDate(text))))
    }

    @Test(arguments: [
        // Over a weekend, over Christmas, over the change to winter time, from a Saturday.
        ("2026-11-20T15:00:00+01:00", "2026-11-24T15:00:00+01:00"),
        ("2026-12-23T15:00:00+01:00", "2026-12-29T15:00:00+01:00"),
        ("2026-10-23T15:00:00+02:00", "2026-10-27T15:00:00+01:00"),
        ("2026-11-21T22:30:00+01:00", "2026-11-24T22:30:00+01:00"),
    ])
    func `two working days end at the same hour`(sent: String, due: String) throws {
        let moment = try #require(Moment(rfc3339: sent))
        let deadline = WorkingDays.current.deadline(from: moment, within: .workingDays(2))
        #expect(deadline == Moment(rfc3339: due))
    }

    @Test(arguments: [
        (Int64.min, "0001-01-01"), (Int64.min + 1, "0001-01-01"),
        (-62_135_596_800_001, "0001-01-01"),
        (Int64.max, "9999-12-31"), (Int64.max - 7_200_000, "9999-12-31"),
        (253_402_300_800_000, "9999-12-31"),
    ])
    func `a moment beyond the calendar is held at its edge`(milliseconds: Int64, day: String) {
        let moment = Moment(milliseconds: milliseconds)
        #expect(WarsawTime.date(at: moment).description == day)
        #expect(WarsawTime.text(of: moment).hasPrefix(day))
    }
}
