# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""A Wici node in Python: the exchange (DEALER) and the feed (SUB) of Schemas/PROTOCOL.md.

    client = Exchange(endpoint, hub_key, identity, Trust(threshold, keys))
    client.hello()

Usage: wici_client.py enrol FOLDER NODE INSTITUTION [NODE INSTITUTION ...]
           makes keys (NODE.keys, for a job's `keys`) and the enrolment request that the network's
           authority takes (NODE.request)

Needs pyzmq, protobuf, cryptography and PyYAML.
"""

import dataclasses
import json
import os
import pathlib
import sys
import time
import uuid

import yaml
import zmq
from zmq.utils import z85
from zmq.utils.monitor import recv_monitor_message

import drafts
import wici_formats as formats
from wici_formats import Refused, demand, schema

HANDSHAKE_EVENTS = (
    zmq.EVENT_HANDSHAKE_SUCCEEDED | zmq.EVENT_HANDSHAKE_FAILED_AUTH
    | zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL | zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL)


@dataclasses.dataclass
class Identity:
    """A node's id and key pairs, raw bytes."""

    node: str
    exchange_secret: bytes
    signing_seed: bytes
    sealing_secret: bytes
    earlier_sealing_secrets: tuple = ()

    @classmethod
    def fresh(cls, node):
        return cls(node, os.urandom(32), os.urandom(32), os.urandom(32))

    @classmethod
    def read(cls, node, keys):
        """Secret keys as `secret_hex` gives them, or the path of a file that holds them."""
        if isinstance(keys, str):
            keys = json.loads(pathlib.Path(keys).read_text(encoding="ascii"))
        return cls(node, bytes.fromhex(keys["exchange"]), bytes.fromhex(keys["signing"]),
                   bytes.fromhex(keys["sealing"]),
                   tuple(bytes.fromhex(key) for key in keys.get("earlier-sealing", [])))

    @property
    def exchange_public(self):
        return formats.x25519_public(self.exchange_secret)

    @property
    def sealing_public(self):
        return formats.x25519_public(self.sealing_secret)

    @property
    def sealing_secrets(self):
        return (self.sealing_secret, *self.earlier_sealing_secrets)

    def secret_hex(self):
        return {"exchange": self.exchange_secret.hex(), "signing": self.signing_seed.hex(),
                "sealing": self.sealing_secret.hex()}

    def request(self, institution):
        """The enrolment request: the public keys in a note signed with the signing key."""
        lines = {"wici-request": "1", "institution": institution, "node": self.node}
        lines |= self.public_hex()
        text = "".join(f"{key}: {value}\n" if value == "1" else f'{key}: "{value}"\n'
                       for key, value in lines.items())
        return formats.make_note(text, [(self.node, self.signing_seed)])

    def public_hex(self):
        return {"exchange-key": self.exchange_public.hex(),
                "signing-key": formats.signing_public(self.signing_seed).hex(),
                "sealing-key": self.sealing_public.hex()}


@dataclasses.dataclass
class Trust:
    """The authority: at least `threshold` of these verifier keys must have signed."""

    threshold: int
    keys: list


class Document:
    """A registry or policy: verified text, contents with every scalar as a string, digest."""

    def __init__(self, note, trust, after=None, today=None):
        text, self.signed_by = formats.open_note(note, trust.keys, trust.threshold)
        self.note, self.text = note, text
        self.contents = yaml.load(text, Loader=yaml.BaseLoader)
        self.digest = formats.sha256(note)
        self.name = self.contents.get("registry") or self.contents["policy"]
        self.release = int(self.contents["release"])
        today = today or formats.day()
        demand(self.contents["issued"] <= today, "document-not-yet-issued")
        demand(self.contents["expires"] >= today, "document-expired")
        if after is not None and self.digest != after.digest:
            demand(self.name == after.name, "network-differs")
            demand(self.release > after.release, "release-not-newer")
            demand(self.release > after.release + 1
                   or self.contents["previous"] == after.digest.hex(), "previous-digest-wrong")


class Registry(Document):
    def __init__(self, note, trust, after=None, today=None):
        super().__init__(note, trust, after, today)
        self.nodes = {node["id"]: node for node in self.contents.get("nodes", [])}
        self.institutions = {each["id"]: each for each in self.contents.get("institutions", [])}
        hub, authority = self.contents["hub"], self.contents["authority"]
        self.exchange_key = bytes.fromhex(hub["exchange-key"])
        self.ledger_key, self.origin = hub["ledger-key"], hub["origin"]
        self.authority = Trust(int(authority["threshold"]), authority["keys"])

    def sealing_key(self, node):
        return bytes.fromhex(self.nodes[node]["sealing-key"])


def _secure(socket, hub_key, identity):
    socket.curve_serverkey = z85.encode(hub_key)
    socket.curve_publickey = z85.encode(identity.exchange_public)
    socket.curve_secretkey = z85.encode(identity.exchange_secret)
    socket.linger = 0
    socket.reconnect_ivl, socket.reconnect_ivl_max = 200, 30_000
    socket.maxmsgsize = 4 << 20
    socket.tcp_keepalive, socket.tcp_keepalive_cnt = 1, 4
    socket.tcp_keepalive_idle, socket.tcp_keepalive_intvl = 10, 5
    socket.tcp_maxrt = 30_000


class Exchange:
    """One connection to the hub's exchange, with what the node would keep on disk in memory."""

    def __init__(self, endpoint, hub_key, identity, trust, window=1000, context=None):
        self.endpoint, self.hub_key, self.identity = endpoint, hub_key, identity
        self.trust, self.window = trust, window
        self.context = context or zmq.Context.instance()
        self.socket = self.monitor = None
        self.registry = self.policy = self.welcome = self.checkpoint = None
        self.version, self.hub_time, self.subscriptions = None, None, []
        self.stored_through = self.acknowledged = self.window_end = 0
        self.inbox, self.duplicates, self.jumps = [], 0, []
        self.receipts, self.refusals, self.answers, self.log = {}, [], {}, []
        self.receipt_log = []
        self.request = 0
        self.connect()

    # ---- Connection

    def connect(self):
        """A new socket; what is kept stays."""
        self.close()
        self.socket = self.context.socket(zmq.DEALER)
        _secure(self.socket, self.hub_key, self.identity)
        self.monitor = self.socket.get_monitor_socket(
            HANDSHAKE_EVENTS, f"inproc://monitor-{uuid.uuid4()}")
        self.socket.connect(self.endpoint)

    def close(self):
        # The monitor ends first: libzmq's I/O thread would wait for a reader that is gone, and
        # with it every socket of the process.
        if self.socket is not None:
            self.socket.disable_monitor()
            self.socket.close()
            self.socket = self.monitor = None

    def __del__(self):
        self.close()

    def handshake(self, timeout=20.0):
        """How the CURVE handshake ends: "connected", "refused STATUS", "failed" or "silent"."""
        end = time.monotonic() + timeout
        while (left := end - time.monotonic()) > 0:
            if not self.monitor.poll(left * 1000):
                break
            event = recv_monitor_message(self.monitor)
            if event["event"] == zmq.EVENT_HANDSHAKE_SUCCEEDED:
                return "connected"
            if event["event"] == zmq.EVENT_HANDSHAKE_FAILED_AUTH:
                return f"refused {event['value']}"
            if event["event"] in (zmq.EVENT_HANDSHAKE_FAILED_NO_DETAIL,
                                  zmq.EVENT_HANDSHAKE_FAILED_PROTOCOL):
                return "failed"
        return "silent"

    # ---- Packets

    def send_packet(self, **content):
        self.send_raw(schema().Packet(**content).SerializeToString())

    def send_raw(self, data):
        try:
            self.socket.send(data, flags=zmq.NOBLOCK)
        except zmq.Again:
            raise Refused("node-disconnected", "the socket takes nothing") from None

    def next_request(self):
        self.request += 1
        return self.request

    def pump(self, timeout, until=lambda: False):
        """Takes packets until `until()` holds; True when it does."""
        end = time.monotonic() + timeout
        while not until():
            while self.monitor.poll(0):
                recv_monitor_message(self.monitor)
            left = end - time.monotonic()
            if left <= 0 or not self.socket.poll(left * 1000):
                return until()
            self.take(self.socket.recv())
        return True

    def take(self, data):
        packet = formats.decode("Packet", data, "malformed-packet")
        kind = packet.WhichOneof("content")
        demand(kind is not None, "malformed-packet")
        content = getattr(packet, kind)
        self.log.append(kind)
        take = getattr(self, f"_take_{kind}", None)
        demand(take is not None, "unexpected-packet", kind)
        take(content)

    def _take_welcome(self, welcome):
        demand(welcome.version == 1, "version-unsupported")
        self._take_update(welcome)
        demand(self.registry is not None and self.policy is not None, "node-without-registry")
        demand(self.registry.exchange_key == self.hub_key, "network-differs", "hub's key")
        self.version, self.hub_time = welcome.version, welcome.hub_time
        self.subscriptions, self.welcome = list(welcome.subscriptions), welcome

    def _take_update(self, packet):
        if packet.registry:
            trust = self.registry.authority if self.registry else self.trust
            self.registry = Registry(packet.registry, trust, self.registry)
        if packet.policy:
            self.policy = Document(packet.policy, self.registry.authority, self.policy)
        if packet.checkpoint:
            size, root = formats.open_checkpoint(
                packet.checkpoint, self.registry.ledger_key, self.registry.origin)
            demand(self.checkpoint is None or size > self.checkpoint[0]
                   or (size, root) == self.checkpoint, "hub-contradicts-itself", "checkpoint")
            self.checkpoint = (size, root)

    def _take_receipts(self, signed):
        _, _, public = formats.parse_verifier_key(self.registry.ledger_key)
        demand(formats.verifies(public, signed.signature, b"wici/v1/receipts\0" + signed.receipts),
               "bad-signature", "receipts")
        receipts = formats.decode("Receipts", signed.receipts, "malformed-packet")
        sets = [{r.node: {"rules": list(r.rules), "named": r.named} for r in each.recipients}
                for each in receipts.sets]
        for receipt in receipts.receipts:
            readable = self._readable(receipt, sets)
            self.receipts.setdefault(receipt.envelope_digest, []).append(readable)
            self.receipt_log.append(readable)

    def _readable(self, receipt, sets):
        answer = {"message": str(uuid.UUID(bytes=receipt.message_id))
                  if len(receipt.message_id) == 16 else receipt.message_id.hex(),
                  "digest": receipt.envelope_digest.hex()}
        if receipt.WhichOneof("outcome") == "accepted":
            accepted = receipt.accepted
            demand(max(accepted.audience, accepted.eligible) < len(sets), "malformed-packet",
                   "receipt's sets")
            answer |= {"accepted": True, "index": accepted.index, "repeated": accepted.repeated,
                       "audience": sets[accepted.audience], "eligible": sets[accepted.eligible]}
        else:
            answer |= {"accepted": False, "refusal": readable_refusal(receipt.refusal)}
        return answer

    def _take_deliveries(self, deliveries):
        for delivery in deliveries.deliveries:
            if delivery.number <= self.stored_through:
                self.duplicates += 1
            elif delivery.number > self.stored_through + 1:
                self.jumps.append((self.stored_through + 1, delivery.number))
            else:
                demand(delivery.number <= self.window_end or deliveries.request,
                       "unexpected-packet", "beyond the window")
                self.stored_through = delivery.number
                self.inbox.append(delivery)
        if deliveries.request:
            self.answers[deliveries.request] = deliveries

    def _take_refused(self, refused):
        refusal = readable_refusal(refused.refusal) | {"request": refused.request}
        self.refusals.append(refusal)
        if refused.request:
            self.answers[refused.request] = refusal

    def _take_subscribed(self, subscribed):
        self.subscriptions = list(subscribed.subscriptions)
        self.answers[subscribed.request] = subscribed

    def _take_proof(self, proof):
        self.answers[proof.request] = proof

    def _take_ledger_page(self, page):
        self.answers[page.request] = page

    def _take_pong(self, pong):
        self.hub_time = pong.hub_time
        self.answers["pong", pong.nonce] = pong

    # ---- Conversation

    def hello(self, timeout=20.0, version=(1, 1)):
        """Says hello; the welcome, or Refused."""
        self.welcome, before = None, len(self.refusals)
        self.window_end = max(self.window_end, self.stored_through + self.window)
        self.send_packet(hello=schema().Hello(
            version_min=version[0], version_max=version[1], program="wici-python 1",
            registry_digest=self.registry.digest if self.registry else b"",
            policy_digest=self.policy.digest if self.policy else b"",
            stored_through=self.stored_through, window_end=self.window_end))
        demand(self.pump(timeout, lambda: self.welcome or len(self.refusals) > before),
               "node-disconnected", "no welcome")
        if not self.welcome:
            raise Refused(self.refusals[-1]["name"])
        return self.welcome

    def ask(self, kind, timeout=20.0, **fields):
        """Sends a packet with a request number and waits for its answer."""
        request = self.next_request()
        self.answers.pop(request, None)
        message = getattr(schema(), "".join(part.title() for part in kind.split("_")))
        self.send_packet(**{kind: message(request=request, **fields)})
        demand(self.pump(timeout, lambda: request in self.answers), "node-disconnected", kind)
        answer = self.answers.pop(request)
        if isinstance(answer, dict):
            raise Refused(answer["name"], answer["field"])
        return answer

    def submit(self, envelopes, timeout=30.0):
        """Submits serialized envelopes; their receipts in the same order."""
        digests = [formats.envelope_digest(schema().Envelope.FromString(each))
                   for each in envelopes]
        wanted = {}
        for digest in digests:
            wanted[digest] = wanted.get(digest, len(self.receipts.get(digest, []))) + 1
        request = self.next_request()
        self.send_packet(submit=schema().Submit(request=request, envelopes=envelopes))
        demand(self.pump(timeout, lambda: request in self.answers or all(
            len(self.receipts.get(digest, [])) >= count for digest, count in wanted.items())),
               "node-disconnected", "no receipt")
        if request in self.answers:
            raise Refused(self.answers.pop(request)["name"])
        return [self.receipts[digest][-1] for digest in digests]

    def prepare(self, draft):
        """An unsigned envelope of a draft. `seal-to` lists the eligible nodes when it is sealed;
        the sender's own node is added."""
        header, body = drafts.compose(draft, self.identity.node)
        if "seal-to" not in draft:
            return drafts.plain_envelope(header, body)
        nodes = {*draft["seal-to"], self.identity.node}
        return formats.seal(header, body, {n: self.registry.sealing_key(n) for n in nodes})

    def send(self, drafts, timeout=30.0):
        """Composes drafts, signs them as one batch and submits them."""
        envelopes = [self.prepare(draft) for draft in drafts]
        return self.submit(formats.sign_batch(envelopes, self.identity.signing_seed), timeout)

    def receive(self, count, timeout=30.0):
        """Waits until the inbox holds `count` deliveries, fetching what a jump left out."""
        end = time.monotonic() + timeout
        while len(self.inbox) < count and (left := end - time.monotonic()) > 0:
            self.pump(left, lambda: len(self.inbox) >= count or self.jumps)
            if self.jumps:
                self.jumps.clear()
                self.fetch(self.stored_through + 1, 256)
        return self.inbox

    def fetch(self, start, limit, mailbox=None, timeout=20.0):
        return self.ask("fetch", timeout, mailbox=mailbox or self.identity.node,
                        **{"from": start, "limit": limit})

    def acknowledge(self, through=None):
        through = self.stored_through if through is None else through
        self.window_end = max(self.window_end, through + self.window)
        self.send_packet(acknowledge=schema().Acknowledge(
            through=through, window_end=self.window_end))

    def subscribe(self, subscriptions, timeout=20.0):
        return self.ask("subscribe", timeout, subscriptions=[
            schema().Subscription(**each) for each in subscriptions])

    def ping(self, timeout=20.0):
        """True when the hub answers; Refused when it refuses."""
        nonce, before = int.from_bytes(os.urandom(7), "big"), len(self.refusals)
        self.send_packet(ping=schema().Ping(nonce=nonce))
        self.pump(timeout, lambda: ("pong", nonce) in self.answers or len(self.refusals) > before)
        if len(self.refusals) > before:
            raise Refused(self.refusals[-1]["name"])
        return ("pong", nonce) in self.answers

    def bye(self):
        self.send_packet(bye=schema().Bye())

    def open(self, delivery):
        """A delivery opened and checked: readable mapping."""
        if delivery.WhichOneof("content") == "tombstone":
            return {"number": delivery.number, "tombstone": delivery.tombstone.reason}
        _, header, body = formats.open_envelope(
            delivery.envelope, self.registry, self.identity.node, self.identity.sealing_secrets)
        return readable_message(header, body) | {
            "number": delivery.number, "index": delivery.index}

    def prove(self, message_id, timeout=20.0):
        """Asks for a proof and checks it: leaf, path, checkpoint signature. The opened record."""
        proof = self.ask("prove", timeout, message_id=message_id)
        entry = proof.entry
        demand(formats.ledger_leaf(entry.salt, entry.record) == entry.leaf,
               "ledger-leaf-wrong")
        size, root = formats.open_checkpoint(
            proof.checkpoint, self.registry.ledger_key, self.registry.origin)
        demand(size == proof.size, "audit-size-differs")
        reached = formats.root_from_path(entry.leaf, entry.index, size, list(proof.path))
        demand(reached == root, "ledger-root-wrong")
        record = formats.decode("Record", entry.record, "ledger-record-unreadable")
        header = formats.decode("Header", record.accepted.header, "ledger-record-unreadable")
        demand(header.message_id == message_id, "ledger-record-unreadable", "another message")
        return entry.index, size, record

    def read_ledger(self, start, limit, purpose, timeout=20.0):
        """A page of the ledger, each opening checked against its leaf."""
        page = self.ask("read_ledger", timeout, purpose=purpose, **{"from": start, "limit": limit})
        for place, entry in enumerate(page.entries, start):
            demand(entry.index == place, "ledger-entry-missing")
            demand(not entry.record or formats.ledger_leaf(entry.salt, entry.record) == entry.leaf,
                   "ledger-leaf-wrong")
        return page


class Feed:
    """A plain SUB socket on the feed."""

    def __init__(self, endpoint, hub_key, identity, prefixes=("",), context=None):
        self.socket = (context or zmq.Context.instance()).socket(zmq.SUB)
        _secure(self.socket, hub_key, identity)
        for prefix in prefixes:
            self.socket.subscribe(prefix)
        self.socket.connect(endpoint)

    def listen(self, seconds, registry, until=lambda heard: False):
        """What is heard, checked: pairs of topic and a readable mapping."""
        heard, end = [], time.monotonic() + seconds
        while (left := end - time.monotonic()) > 0 and not until(heard):
            if self.socket.poll(left * 1000):
                frames = self.socket.recv_multipart()
                demand(len(frames) == 2, "malformed-packet", f"{len(frames)} frames")
                topic = frames[0].decode("ascii")
                heard.append((topic, read_feed(topic, frames[1], registry)))
        return heard

    def close(self):
        self.socket.close()


def read_feed(topic, payload, registry):
    demand(topic.endswith("/"), "malformed-packet", "topic")
    if topic == "heartbeat/":
        beat = formats.decode("Heartbeat", payload, "malformed-packet")
        return {"hub-time": beat.hub_time, "ledger-size": beat.ledger_size}
    if topic == "checkpoint/":
        size, root = formats.open_checkpoint(payload, registry.ledger_key, registry.origin)
        return {"size": size, "root": root.hex()}
    bulletin = formats.decode("Bulletin", payload, "malformed-packet")
    envelope, header, body = formats.open_envelope(bulletin.envelope, registry, "", ())
    demand(not header.HasField("seal") and not envelope.wraps, "malformed-envelope",
           "a sealed message on the feed")
    kind, region, _ = topic.split("/")
    regions = list(header.selector.regions)
    demand(kind == header.type and (region in regions or not regions), "malformed-packet",
           "topic and header differ")
    return readable_message(header, body) | {"index": bulletin.index}


def readable_refusal(refusal):
    return {"code": refusal.code, "name": refusal.name, "retryable": refusal.retryable,
            "field": refusal.field, "rule": refusal.rule, "help": refusal.help_en,
            "faults": [{"field": f.field, "code": f.code} for f in refusal.faults]}


def readable_message(header, body):
    return {"message": str(uuid.UUID(bytes=header.message_id)), "type": header.type,
            "sender": header.sender, "marking": header.tlp, "sealed": header.HasField("seal"),
            "topics": list(header.topics),
            "references": [str(uuid.UUID(bytes=each)) for each in header.references],
            "body": formats.mapping(body)}


def enrol(folder, node, institution):
    """Makes a node's keys and its request; the keys stay, readable by their owner alone."""
    identity = Identity.fresh(node)
    keys, request = (pathlib.Path(folder, f"{node}.{end}") for end in ("keys", "request"))
    with open(os.open(keys, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
        json.dump(identity.secret_hex(), file)
    request.write_bytes(identity.request(institution))
    return {"node": node, "keys": str(keys), "request": str(request)}


def main(arguments):
    if len(arguments) < 4 or len(arguments) % 2 or arguments[0] != "enrol":
        print(__doc__)
        return 2
    folder, pairs = arguments[1], arguments[2:]
    try:
        made = [enrol(folder, *pair) for pair in zip(pairs[::2], pairs[1::2])]
    except OSError as error:
        # A missing folder, or keys that are there already and are never replaced.
        print(f"wici_client.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    print(json.dumps(made))
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
