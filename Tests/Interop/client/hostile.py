# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""What an attacker or a broken program might send, and the refusal that each must get.

`cases(client, material)` yields the packets for a connected client; `run` sends them one by one to
a real hub, compares the answers with the expected names of Schemas/codes.json and checks after each
that the hub still answers. What only a recipient can see is in hostile_deliveries.py.

Material (drafts as in README.md; a case whose material is missing is left out):
    plain              a plain draft that the hub accepts, with a body that has common.title
    sealed             a draft with `seal-to`, exactly the eligible nodes, that the hub accepts
    other-node         id of another node in the registry
    not-granted, forbidden, marking-above-ceiling, seal-required, roles-required, nobody-eligible,
    recipient-unknown, role-unknown    drafts to be refused with the code they are named after
    subscription-not-granted           a subscription that the policy never grants to this node
"""

import copy
import dataclasses
import os

import drafts
import wici_formats as formats
from wici_formats import Refused, schema

BY_DRAFT = ["not-granted", "forbidden", "marking-above-ceiling", "seal-required", "roles-required",
            "nobody-eligible", "recipient-unknown", "role-unknown"]
# What these ask is also a rule of the header itself, which may be checked first.
BY_HEADER = ["roles-required", "nobody-eligible"]


@dataclasses.dataclass
class Case:
    """Packets to send: all but the last must be accepted; the last gets the expected answer.

    `expect` are names of codes, or "accepted"; "cut" means that the hub ends the connection."""

    name: str
    packets: list
    expect: tuple
    hello: bool = True


def packet(**content):
    return schema().Packet(**content).SerializeToString()


def submit(*envelopes, request=4000):
    return packet(submit=schema().Submit(request=request, envelopes=envelopes))


def flip(data, bit=0):
    changed = bytearray(data)
    changed[bit // 8] ^= 1 << bit % 8
    return bytes(changed)


def varint(value):
    out = bytearray()
    while value > 127:
        out.append(value & 127 | 128)
        value >>= 7
    return bytes(out + bytes([value]))


class Forge:
    """Makes envelopes from a draft with something wrong in them."""

    def __init__(self, client, draft):
        self.client, self.draft = client, draft
        self.node, self.seed = client.identity.node, client.identity.signing_seed

    def parts(self, **changes):
        return drafts.compose(copy.deepcopy(self.draft) | changes, self.node)

    def signed(self, envelope, seed=None):
        if isinstance(envelope, _Ready):
            return envelope
        return formats.sign_batch([envelope], seed or self.seed)[0]

    def plain(self, alter_header=None, alter_body=None, header_bytes=None):
        header, body = self.parts()
        if alter_body:
            message = schema().types[header.type].FromString(body)
            body = alter_body(message) or message.SerializeToString()
        if alter_header:
            alter_header(header)
        envelope = drafts.plain_envelope(header, body)
        if header_bytes is not None:
            envelope.header = header_bytes(envelope.header)
        return envelope

    def sealed(self, alter=None, nodes=None, **options):
        header, body = self.parts()
        nodes = nodes or {*self.draft["seal-to"], self.node}
        keys = {node: self.client.registry.sealing_key(node) for node in nodes}
        if alter:
            alter(header)
        return formats.seal(header, body, keys, **options)


def cases(client, material):
    yield from packet_cases()
    if "plain" in material:
        forge = Forge(client, material["plain"])
        yield from signature_cases(forge, material.get("other-node"))
        yield from header_cases(forge)
        yield from body_cases(forge)
        yield from size_cases(forge)
        yield from replay_cases(forge)
    if "sealed" in material:
        yield from seal_cases(Forge(client, material["sealed"]), material.get("other-node"))
    for name in BY_DRAFT:
        if name in material:
            envelope = client.prepare(material[name])
            signed = formats.sign_batch([envelope], client.identity.signing_seed)[0]
            expect = (name, "header-fault") if name in BY_HEADER else (name,)
            yield Case(f"draft {name}", [submit(signed)], expect)
    yield from request_cases(client, material)


def packet_cases():
    ping = packet(ping=schema().Ping(nonce=2**40))
    bad = ("malformed-packet",)
    yield Case("packet of random bytes", [b"\xff" * 100], bad)
    yield Case("packet of text", [b"GET / HTTP/1.1\r\n\r\n"], bad)
    yield Case("empty packet", [b""], bad + ("unexpected-packet",))
    yield Case("truncated packet", [submit(os.urandom(50))[:-10]], bad)
    yield Case("length beyond the packet", [b"\x12" + varint(2**31 - 1) + b"x"], bad)
    yield Case("length of 64 bits", [b"\x12" + varint(2**64 - 1) + b"x"], bad)
    yield Case("varint without end", [b"\x80" * 50], bad)
    yield Case("field number 0", [b"\x00\x00"], bad)
    yield Case("group never closed", [b"\x0b" * 5000], bad + ("unexpected-packet",))
    yield Case("unknown content", [b"\xca\x3e\x00"], bad + ("unexpected-packet",))
    yield Case("packet of the hub", [packet(welcome=schema().Welcome(version=1))],
               ("unexpected-packet", "malformed-packet"))
    yield Case("text that is not UTF-8",
               [packet(fetch=schema().Fetch(request=1, mailbox="ab")).replace(b"ab", b"\xff\xfe")],
               bad)
    yield Case("packet over 1 MiB", [ping + b"\x9a\x06" + varint(1 << 20) + bytes(1 << 20)],
               ("cut", "packet-too-large"))
    yield Case("packet before the hello", [ping], ("hello-expected",), hello=False)
    yield Case("hello of a version to come",
               [packet(hello=schema().Hello(version_min=7, version_max=9, window_end=10))],
               ("version-unsupported",), hello=False)


def signature_cases(forge, other_node):
    bad = ("bad-signature",)

    def changed(name, change, expect=bad):
        envelope = schema().Envelope.FromString(forge.signed(forge.plain()))
        change(envelope)
        return Case(name, [submit(envelope.SerializeToString())], expect)

    def alter_header(envelope):
        header = schema().Header.FromString(envelope.header)
        header.sent_at += 1
        envelope.header = header.SerializeToString()

    def alter_body(envelope):
        header = schema().Header.FromString(envelope.header)
        message = schema().types[header.type].FromString(envelope.body)
        message.common.title += "."
        envelope.body = message.SerializeToString()

    yield changed("signature with a bit flipped", lambda e: setattr(
        e.signature, "signature", flip(e.signature.signature, 77)))
    yield changed("signature of another key", lambda e: e.CopyFrom(
        schema().Envelope.FromString(forge.signed(e, os.urandom(32)))))
    yield changed("no signature", lambda e: e.ClearField("signature"),
                  bad + ("malformed-envelope",))
    yield changed("short signature", lambda e: setattr(
        e.signature, "signature", e.signature.signature[:63]), bad + ("malformed-envelope",))
    yield changed("altered header", alter_header)
    yield changed("altered body", alter_body)
    yield changed("batch size 0", lambda e: setattr(e.signature, "size", 0),
                  bad + ("malformed-envelope",))
    yield changed("index beyond the batch", lambda e: setattr(e.signature, "index", 1),
                  bad + ("malformed-envelope",))
    yield changed("size that was not signed", lambda e: setattr(e.signature, "size", 2))
    yield changed("path that leads elsewhere", lambda e: (
        setattr(e.signature, "size", 2), e.signature.path.append(bytes(32))))
    yield changed("path of 100 hashes", lambda e: e.signature.path.extend([bytes(32)] * 100),
                  bad + ("malformed-envelope",))
    yield changed("path of short hashes", lambda e: (
        setattr(e.signature, "size", 2), e.signature.path.append(bytes(31))),
        bad + ("malformed-envelope",))
    if other_node:
        other = forge.plain(lambda h: setattr(h, "sender", other_node))
        yield Case("another node's name", [submit(forge.signed(other))], ("sender-mismatch",))


def header_cases(forge):
    fault = ("header-fault", "label-unknown")

    def with_header(name, change, expect=fault):
        return Case(name, [submit(forge.signed(forge.plain(change)))], expect)

    yield Case("header of random bytes", [submit(forge.signed(
        forge.plain(header_bytes=lambda _: b"\xff" * 40)))], ("malformed-header",))
    yield Case("empty header", [submit(forge.signed(
        forge.plain(header_bytes=lambda _: b"")))], fault + ("malformed-header",
                                                          "sender-mismatch"))
    yield Case("unknown header field", [submit(forge.signed(
        forge.plain(header_bytes=lambda h: h + b"\xc2\x3e\x01x")))], fault + ("malformed-header",))
    yield with_header("id of 15 bytes", lambda h: setattr(h, "message_id", bytes(15)),
                      fault + ("malformed-header",))
    yield with_header("id that is no UUIDv7", lambda h: setattr(h, "message_id", b"\1" * 16),
                      fault + ("malformed-header",))
    yield with_header("unknown type", lambda h: setattr(h, "type", "gossip"),
                      fault + ("schema-fault",))
    yield with_header("schema version to come", lambda h: setattr(h, "schema", 99))
    yield with_header("unknown marking", lambda h: setattr(h, "tlp", "TLP:PINK"))
    yield with_header("no marking", lambda h: h.ClearField("tlp"))
    yield with_header("unknown purpose", lambda h: setattr(h, "purpose", "revenge"))
    yield with_header("unknown urgency", lambda h: setattr(h, "urgency", "UR-9"))
    yield with_header("unknown handling code", lambda h: h.handling.append("HC-ZZZ"))
    yield with_header("data level without subject", lambda h: setattr(
        h, "data_level", "personal"), fault + ("seal-required", "forbidden"))
    yield with_header("kept for three years", lambda h: setattr(h, "keep_until", "2031-01-01"))
    yield with_header("a date that does not exist", lambda h: setattr(
        h, "keep_until", "2027-02-30"))
    yield with_header("topics that the body does not have", lambda h: h.topics.append("EX-LAB"))
    yield with_header("17 references", lambda h: h.references.extend(
        drafts.uuid7() for _ in range(17)))
    yield with_header("unknown region", lambda h: h.selector.regions.append("PL-99"))
    yield with_header("nobody selected", lambda h: h.ClearField("selector"),
                      fault + ("nobody-eligible",))


def body_cases(forge):
    fault = ("schema-fault",)

    def with_body(name, change, expect=fault):
        return Case(name, [submit(forge.signed(forge.plain(alter_body=change)))], expect)

    def title(text):
        return lambda body: setattr(body.common, "title", text)

    yield with_body("body of random bytes", lambda _: b"\xff" * 40)
    yield with_body("truncated body", lambda body: body.SerializeToString()[:-3])
    yield with_body("unknown body field", lambda body: body.SerializeToString() + b"\xc2\x3e\x01x")
    yield with_body("no common part", lambda body: body.ClearField("common"))
    yield with_body("title of 161 characters", title("a" * 161))
    yield with_body("control character", title("a\x07b"))
    yield with_body("text that is not NFC", title("zaz\u0301o\u0301l\u0301c\u0301"))
    yield with_body("case key of another form", lambda body: setattr(
        body.common, "case_key", "II K 12/26"))
    yield with_body("11 attachments", lambda body: body.common.attachments.extend(
        schema().Attachment(name="a", media_type="text/plain", size=1, digest="0" * 64)
        for _ in range(11)))


def size_cases(forge):
    yield Case("header over 8 KiB", [submit(forge.signed(forge.plain(
        lambda h: setattr(h, "operator", "x" * 9000))))], ("header-too-large",))
    yield Case("body over 256 KiB", [submit(forge.signed(forge.plain(
        alter_body=lambda _: bytes(formats.BODY_LIMIT + 1))))], ("body-too-large",))
    yield Case("1,001 envelopes", [submit(*[b"\x0a\x01x"] * 1001)], ("batch-too-large",))
    yield Case("no envelopes", [submit()], ("malformed-packet", "silence"))
    yield Case("envelope of random bytes", [submit(b"\xff" * 60)], ("malformed-envelope",))
    yield Case("truncated envelope", [submit(forge.signed(forge.plain())[:-20])],
               ("malformed-envelope",))
    yield Case("groups nested 10,000 deep", [submit(b"\x0b" * 10_000 + b"\x0c" * 10_000)],
               ("malformed-envelope",))
    yield Case("empty envelope", [submit(b"")],
               ("malformed-envelope", "malformed-header", "bad-signature"))


def replay_cases(forge):
    first = forge.plain()
    header, body = first.header, first.body
    again = schema().Envelope(header=header, body=body)
    accepted = forge.signed(first)
    yield Case("the same bytes twice", [submit(accepted), submit(accepted)], ("accepted",))
    forge.signed(again)
    message = schema().types[schema().Header.FromString(header).type].FromString(body)
    message.common.title += "!"
    again.body = message.SerializeToString()
    yield Case("replayed id with another body",
               [submit(accepted), submit(forge.signed(again))], ("id-reused",))
    altered = schema().Header.FromString(header)
    altered.sent_at += 1
    other = schema().Envelope(header=altered.SerializeToString(), body=body)
    yield Case("replayed id with another header",
               [submit(accepted), submit(forge.signed(other))], ("id-reused",))


def seal_cases(forge, other_node):
    wrong = ("wraps-not-eligible", "wraps-malformed")

    def with_wraps(name, change, expect=wrong):
        envelope = forge.sealed()
        wraps = [schema().Wrap.FromString(wrap.SerializeToString()) for wrap in envelope.wraps]
        wraps = change(wraps)
        del envelope.wraps[:]
        envelope.wraps.extend(wraps)
        return Case(name, [submit(forge.signed(envelope))], expect)

    def changed(wraps, **fields):
        for key, value in fields.items():
            setattr(wraps[0], key, value)
        return wraps

    everybody = {*forge.draft["seal-to"], forge.node}
    yield with_wraps("one wrap missing", lambda w: [
        wrap for wrap in w if wrap.recipient != forge.draft["seal-to"][0]])
    yield with_wraps("no wrap for the sender", lambda w: [
        wrap for wrap in w if wrap.recipient != forge.node])
    yield with_wraps("no wraps", lambda w: [])
    yield with_wraps("wraps not sorted", lambda w: w[::-1])
    yield with_wraps("a wrap twice", lambda w: w[:1] + w)
    yield with_wraps("key id of another key", lambda w: changed(w, key_id=bytes(8)))
    yield with_wraps("short encapsulated key", lambda w: changed(w, encapsulated_key=bytes(31)))
    yield with_wraps("long wrapped key", lambda w: changed(w, ciphertext=bytes(49)))
    if other_node and other_node not in everybody:
        yield Case("wrap for one who is not eligible",
                   [submit(forge.signed(forge.sealed(nodes={*everybody, other_node})))], wrong)
    yield Case("unknown suite", [submit(forge.signed(forge.sealed(
        lambda h: setattr(h.seal, "suite", 2))))], ("suite-unknown",))
    yield Case("short key commitment", [submit(forge.signed(forge.sealed(
        commitment=bytes(31))))], ("header-fault", "malformed-header", "key-commitment-wrong"))
    envelope = forge.sealed()
    envelope.wrap_proof.size = 1
    yield Case("wrap proof from a sender", [submit(forge.signed(_without_proof(envelope, forge)))],
               ("wraps-malformed", "malformed-envelope", "bad-signature"))
    plain = drafts.plain_envelope(*forge.parts())
    yield Case("not sealed where it must be", [submit(forge.signed(plain))], ("seal-required",))
    wrapped = drafts.plain_envelope(*forge.parts())
    wrapped.wraps.extend(forge.sealed().wraps)
    yield Case("wraps on a plain body", [submit(forge.signed(wrapped))],
               ("wraps-malformed", "seal-required"))


def _without_proof(envelope, forge):
    """The same envelope with a proof that the signature was not made over."""
    signed = schema().Envelope()
    signed.CopyFrom(envelope)
    signed.ClearField("wrap_proof")
    forge.signed(signed)
    envelope.signature.CopyFrom(signed.signature)
    return _Ready(envelope.SerializeToString())


class _Ready(bytes):
    """Bytes that are signed already."""


def request_cases(client, material):
    s = schema()
    ahead = client.stored_through + 1_000_000
    yield Case("acknowledging a number unknown", [packet(acknowledge=s.Acknowledge(
        through=ahead, window_end=ahead + 10))], ("number-unknown",))
    yield Case("fetching beyond the head", [packet(fetch=s.Fetch(
        request=4100, mailbox=client.identity.node, limit=1, **{"from": ahead}))],
        ("number-unknown",))
    if "other-node" in material:
        yield Case("fetching another's mailbox", [packet(fetch=s.Fetch(
            request=4101, mailbox=material["other-node"], limit=1, **{"from": 1}))],
            ("not-your-mailbox",))
    yield Case("proof of a message unknown", [packet(prove=s.Prove(
        request=4102, message_id=drafts.uuid7()))], ("entry-unknown", "opening-not-yours"))
    if not material.get("auditor"):
        yield Case("ledger read by one who is no auditor", [packet(read_ledger=s.ReadLedger(
            request=4103, limit=10, purpose="review"))], ("not-an-auditor",))

    def subscribe(name, subscriptions, expect):
        return Case(name, [packet(subscribe=s.Subscribe(request=4104, subscriptions=[
            s.Subscription(**each) for each in subscriptions]))], expect)

    yield subscribe("subscription to an unknown type", [{"types": ["gossip"]}],
                    ("subscription-fault",))
    yield subscribe("subscription from an unknown region", [{"regions": ["PL-99"]}],
                    ("subscription-fault",))
    yield subscribe("33 subscriptions", [{"types": ["warning"]}] * 33, ("subscription-limit",))
    if "subscription-not-granted" in material:
        yield subscribe("subscription to what one may not see",
                        [material["subscription-not-granted"]], ("subscription-not-granted",))


# ---- Running against a hub


def run(connection, material, reset, seconds=3.0):
    """Sends every case; a list of name, expected, got, ok. `connection` gives the client; `reset`
    makes a new connection and says hello."""
    results = []
    for case in list(cases(connection(), material)):
        only = material.get("only")
        if only and not any(part in case.name for part in only):
            continue
        client = connection()
        if not case.hello:
            client.connect()
        else:
            client.pump(0)
        got = []
        for data in case.packets:
            got = _answer(client, bytes(data), seconds)
            if data is not case.packets[-1] and got != ["accepted"]:
                break
        alive = case.hello and got != ["silence"] and _lives(client, seconds)
        if got == ["silence"] and "cut" in case.expect:
            got = ["cut"]
        if not alive:
            try:
                reset()
                alive = True
            except Refused as error:
                got.append(error.name)
        results.append({"name": case.name, "expect": list(case.expect), "got": got,
                        "ok": alive and bool(got) and set(got) <= set(case.expect)})
    return results


def flip_every_bit(client, draft, seconds=30.0):
    """Submits a valid envelope once for each of its bits, with that bit flipped. Names of the
    answers with their counts; `accepted` must not be among them."""
    envelope = formats.sign_batch([client.prepare(draft)], client.identity.signing_seed)[0]
    flipped = [flip(envelope, bit) for bit in range(8 * len(envelope))]
    size = max(1, min(256, (900 << 10) // (len(envelope) + 8)))
    answers = {}
    for start in range(0, len(flipped), size):
        part = flipped[start:start + size]
        before, refused = len(client.receipt_log), len(client.refusals)
        client.send_raw(submit(*part))
        client.pump(seconds, lambda: len(client.receipt_log) >= before + len(part)
                    or len(client.refusals) > refused)
        got = ["accepted" if each["accepted"] else each["refusal"]["name"]
               for each in client.receipt_log[before:]]
        for name in got + ["silence"] * (len(part) - len(got)):
            answers[name] = answers.get(name, 0) + 1
    return answers


def _lives(client, seconds):
    try:
        return client.ping(seconds)
    except Refused:
        return False


def _answer(client, data, seconds):
    receipts, refusals, start = len(client.receipt_log), len(client.refusals), len(client.log)
    client.send_raw(data)

    def answered():
        return (len(client.receipt_log) > receipts or len(client.refusals) > refusals
                or "welcome" in client.log[start:])

    client.pump(seconds, answered)
    got = ["accepted" if r["accepted"] else r["refusal"]["name"]
           for r in client.receipt_log[receipts:]]
    got += [refusal["name"] for refusal in client.refusals[refusals:]]
    got += ["welcome"] if "welcome" in client.log[start:] else []
    return got or ["silence"]
