# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""From a draft, as a person writes it, to header and body bytes."""

import os
import re
import time
import uuid

from google.protobuf import json_format

from wici_formats import day, schema

_PURPOSES = {
    "case-alert": "inspection", "info-request": "support", "info-reply": "support",
    "joint-action": "inspection", "support-request": "support", "support-offer": "support",
    "follow-up": "support", "periodic-report": "analysis",
}


def uuid7(milliseconds=None):
    milliseconds = milliseconds or int(time.time() * 1000)
    value = bytearray(milliseconds.to_bytes(6, "big") + os.urandom(10))
    value[6] = 0x70 | value[6] & 0x0F
    value[8] = 0x80 | value[8] & 0x3F
    return bytes(value)


def keep_until(given, now):
    """A date, or "+N days": that many days after the day of sending."""
    days = re.fullmatch(r"\+([0-9]{1,4}) days", str(given))
    return day(now, int(days[1])) if days else str(given)


def compose(draft, sender, clock=time.time):
    """Header and body bytes of a draft: a mapping with type, marking, urgency, to, body and what
    else the header takes; names with hyphens, body in the protobuf JSON mapping."""
    s, now = schema(), int(clock() * 1000)
    kind = draft["type"]
    body = json_format.ParseDict(draft.get("body", {}), s.types[kind]())
    given = draft.get("message-id")
    header = s.Header(
        message_id=uuid.UUID(given).bytes if given else uuid7(now),
        type=kind, schema=draft.get("schema", s.version(kind)),
        sender=draft.get("sender", sender), operator=draft.get("operator", ""), sent_at=now,
        status=draft.get("status", "actual"), tlp=draft["marking"],
        handling=draft.get("handling", []),
        purpose=draft.get("purpose", _PURPOSES.get(kind, "prevention")),
        regime=draft.get("regime", "gdpr"), data_level=draft.get("data-level", "none"),
        data_subject=draft.get("data-subject", ""),
        keep_until=keep_until(draft.get("keep-until", "+90 days"), now),
        urgency=draft.get("urgency", "UR-1"), acknowledge_by=draft.get("acknowledge-by", 0),
        selector=s.Selector(**draft["to"]), language=draft.get("language", "pl"),
        thread=uuid.UUID(draft["thread"]).bytes if draft.get("thread") else b"",
        references=[uuid.UUID(each).bytes for each in draft.get("references", [])])
    header.topics.extend(s.topics(kind, body))
    return header, body.SerializeToString()


def plain_envelope(header, body):
    return schema().Envelope(header=header.SerializeToString(), body=body)
