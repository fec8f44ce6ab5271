# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""A small hub in memory for selftest.py: CURVE, ZAP, mailboxes, receipts, a ledger and a feed.

Not a hub for use: nothing is on disk, and the eligible are what naive_audience.py says.
"""

import base64
import threading
import time

import zmq
from zmq.utils import z85

import naive_audience
import wici_formats as formats
from scenario import header_facts
from wici_formats import Refused, schema

ORIGIN = "hub.example/selftest"
CODES = {"malformed-packet": 200, "bad-signature": 203, "sender-mismatch": 208, "id-reused": 207,
         "hello-expected": 104, "not-your-mailbox": 700, "wraps-not-eligible": 400}


class FakeHub(threading.Thread):
    def __init__(self, registry_note, policy_note, trust, keys, registry_class):
        super().__init__(daemon=True)
        self.context = zmq.Context()
        self.notes = registry_note, policy_note
        self.registry = registry_class(registry_note, trust)
        self.policy = naive_audience.load(policy_note.decode())
        self.keys = keys
        self.by_key = {node["exchange-key"]: name for name, node in self.registry.nodes.items()}
        self.routes, self.mail, self.windows, self.subscriptions = {}, {}, {}, {}
        self.leaves, self.openings, self.accepted = [], [], {}
        self.delivered_to = {}
        self.stopping = threading.Event()
        self.failure = None
        self.zap = self.context.socket(zmq.REP)
        self.zap.bind("inproc://zeromq.zap.01")
        self.router, self.exchange = self._bind(zmq.ROUTER)
        self.feed_socket, self.feed = self._bind(zmq.XPUB)

    def _bind(self, kind):
        socket = self.context.socket(kind)
        socket.linger = 0
        socket.curve_server = True
        socket.curve_secretkey = z85.encode(self.keys["exchange"])
        socket.zap_domain = b"wici"
        port = socket.bind_to_random_port("tcp://127.0.0.1")
        return socket, f"tcp://127.0.0.1:{port}"

    def run(self):
        poller, beat = zmq.Poller(), 0.0
        for socket in (self.zap, self.router, self.feed_socket):
            poller.register(socket, zmq.POLLIN)
        try:
            while not self.stopping.is_set():
                ready = dict(poller.poll(50))
                if self.zap in ready:
                    self._admit()
                if self.feed_socket in ready:
                    self.feed_socket.recv_multipart()
                if self.router in ready:
                    route, frame = self.router.recv_multipart(copy=False)
                    self._take(route.bytes, frame.bytes, frame.get("User-Id"))
                if time.monotonic() > beat:
                    beat = time.monotonic() + 0.2
                    self._publish("heartbeat/", schema().Heartbeat(
                        hub_time=1, ledger_size=len(self.leaves)).SerializeToString())
                    self._publish("checkpoint/", self._checkpoint())
        except Exception as error:  # Shown by the test that sees no answer.
            self.failure = error
            raise
        finally:
            for socket in (self.zap, self.router, self.feed_socket):
                socket.close(0)

    def stop(self):
        self.stopping.set()
        self.join(5)
        self.context.term()

    def _admit(self):
        version, request, _, _, _, _, key = self.zap.recv_multipart()
        node = self.by_key.get(key.hex())
        status = [b"200", b"OK", node.encode()] if node else [b"400", b"unknown key", b""]
        self.zap.send_multipart([version, request, *status, b""])

    def _publish(self, topic, payload):
        self.feed_socket.send_multipart([topic.encode(), payload])

    def _checkpoint(self):
        root = base64.b64encode(formats.tree_root(self.leaves)).decode()
        return formats.make_note(f"{ORIGIN}\n{len(self.leaves)}\n{root}\n",
                                 [(ORIGIN, self.keys["ledger"])])

    def _send(self, node, **content):
        self.router.send_multipart(
            [self.routes[node], schema().Packet(**content).SerializeToString()])

    def _refusal(self, name, field=""):
        return schema().Refusal(code=CODES.get(name, 999), name=name, field=field)

    def _take(self, route, data, node):
        if self.routes.get(node) != route:
            self.windows.pop(node, None)
        self.routes[node] = route
        try:
            packet = formats.decode("Packet", data, "malformed-packet")
            kind = packet.WhichOneof("content")
            if kind is None:
                raise Refused("malformed-packet")
            if kind != "hello" and node not in self.windows:
                raise Refused("hello-expected")
            content = getattr(packet, kind)
            getattr(self, f"_take_{kind}")(node, content)
        except Refused as error:
            request = getattr(locals().get("content"), "request", 0)
            self._send(node, refused=schema().Refused(
                request=request, refusal=self._refusal(error.name)))
        self._deliver()

    def _take_hello(self, node, hello):
        self.windows[node] = hello.window_end
        self.delivered_to[node] = hello.stored_through
        same = [formats.sha256(note) == digest for note, digest in zip(
            self.notes, (hello.registry_digest, hello.policy_digest))]
        self._send(node, welcome=schema().Welcome(
            version=1, registry=b"" if same[0] else self.notes[0],
            policy=b"" if same[1] else self.notes[1], mailbox_head=len(self.mail.get(node, [])),
            subscriptions=self.subscriptions.get(node, []), checkpoint=self._checkpoint(),
            hub_time=int(time.time() * 1000)))

    def _take_submit(self, node, submit):
        receipts = schema().Receipts()
        for data in submit.envelopes:
            receipt = receipts.receipts.add()
            try:
                self._accept(node, data, receipt, receipts)
            except Refused as error:
                receipt.refusal.CopyFrom(self._refusal(error.name))
        body = receipts.SerializeToString()
        self._send(node, receipts=schema().SignedReceipts(
            receipts=body, signature=formats.sign(
                self.keys["ledger"], b"wici/v1/receipts\0" + body)))

    def _accept(self, node, data, receipt, receipts):
        envelope = formats.decode("Envelope", data, "malformed-envelope")
        header = formats.decode("Header", envelope.header, "malformed-header")
        receipt.message_id = header.message_id
        receipt.envelope_digest = digest = formats.envelope_digest(envelope)
        formats.demand(header.sender == node, "sender-mismatch")
        formats.check_signature(
            envelope, bytes.fromhex(self.registry.nodes[node]["signing-key"]))
        known = self.accepted.get(header.message_id)
        formats.demand(known is None or known[0] == digest, "id-reused")
        facts = header_facts(header, header.HasField("seal"))
        verdict = naive_audience.evaluate(
            facts, self.registry.contents, self.policy, formats.day())
        formats.demand(verdict.refusal is None, verdict.refusal)
        if not header.HasField("seal"):
            formats.decode(schema().types[header.type].DESCRIPTOR.name, envelope.body,
                           "schema-fault")
        else:
            formats.demand([wrap.recipient for wrap in envelope.wraps]
                           == sorted({*verdict.eligible, node}), "wraps-not-eligible")
        audience = verdict.audience(facts, self.registry.contents, {
            name: [formats.mapping(each, True)
                   for each in given] for name, given in self.subscriptions.items()})
        for chosen in (audience, sorted(verdict.eligible)):
            receipts.sets.add().recipients.extend(schema().Recipient(
                node=each, **verdict.eligible[each]) for each in chosen)
        if known is None:
            self._record(envelope, header, digest, audience, data)
        receipt.accepted.index = self.accepted[header.message_id][1]
        receipt.accepted.audience = len(receipts.sets) - 2
        receipt.accepted.eligible = len(receipts.sets) - 1
        receipt.accepted.repeated = known is not None

    def _record(self, envelope, header, digest, audience, data):
        index, salt = len(self.leaves), bytes([len(self.leaves) % 256]) * 32
        record = schema().Record(recorded_at=1)
        record.accepted.header = envelope.header
        record = record.SerializeToString()
        self.leaves.append(formats.ledger_leaf(salt, record))
        self.openings.append((salt, record))
        self.accepted[header.message_id] = digest, index
        leaves = [wrap.SerializeToString() for wrap in envelope.wraps]
        for each in audience:
            copy = schema().Envelope.FromString(data)
            if leaves:
                place = [wrap.recipient for wrap in envelope.wraps].index(each)
                del copy.wraps[:]
                copy.wraps.append(envelope.wraps[place])
                copy.wrap_proof.CopyFrom(schema().WrapProof(
                    index=place, size=formats.least_size(place, len(leaves)),
                    path=formats.inclusion_path(leaves, place)))
            box = self.mail.setdefault(each, [])
            box.append(schema().Delivery(
                number=len(box) + 1, index=index, envelope=copy.SerializeToString()))
        if header.tlp == "TLP:CLEAR":
            for region in header.selector.regions:
                self._publish(f"{header.type}/{region}/", schema().Bulletin(
                    index=index, envelope=data).SerializeToString())

    def _deliver(self):
        for node, box in self.mail.items():
            done = self.delivered_to.get(node)
            if done is None or node not in self.windows:
                continue
            end = min(len(box), self.windows[node])
            if done < end:
                self._send(node, deliveries=schema().Deliveries(deliveries=box[done:end]))
                self.delivered_to[node] = end

    def _take_acknowledge(self, node, acknowledge):
        formats.demand(acknowledge.through <= len(self.mail.get(node, [])), "number-unknown")
        self.windows[node] = acknowledge.window_end

    def _take_subscribe(self, node, subscribe):
        self.subscriptions[node] = list(subscribe.subscriptions)
        self._send(node, subscribed=schema().Subscribed(
            request=subscribe.request, subscriptions=subscribe.subscriptions))

    def _take_fetch(self, node, fetch):
        formats.demand(fetch.mailbox == node, "not-your-mailbox")
        start = getattr(fetch, "from") - 1
        self._send(node, deliveries=schema().Deliveries(
            request=fetch.request, deliveries=self.mail.get(node, [])[start:start + fetch.limit]))

    def _take_prove(self, node, prove):
        known = self.accepted.get(prove.message_id)
        formats.demand(known is not None, "entry-unknown")
        index, (salt, record) = known[1], self.openings[known[1]]
        self._send(node, proof=schema().Proof(
            request=prove.request, size=len(self.leaves),
            path=formats.inclusion_path(self.leaves, index), checkpoint=self._checkpoint(),
            entry=schema().LedgerEntry(index=index, leaf=self.leaves[index], salt=salt,
                                       record=record)))

    def _take_read_ledger(self, node, read):
        raise Refused("not-an-auditor")

    def _take_ping(self, node, ping):
        self._send(node, pong=schema().Pong(nonce=ping.nonce, hub_time=int(time.time() * 1000)))

    def _take_bye(self, node, bye):
        self.windows.pop(node, None)
