#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""Tests the Python client: against the golden vectors, and through real CURVE sockets against the
small hub of fake_hub.py. Prints one line a test; status 0 when all pass."""

import json
import os
import re
import sys
import traceback

import yaml

import hostile_deliveries
import naive_audience
import wici_formats as formats
from fake_hub import ORIGIN, FakeHub
from scenario import Scenario
from wici_client import Identity, Registry, Trust
from wici_formats import Refused, schema

VECTORS = formats.SCHEMAS / "vectors"
NETWORK = formats.SCHEMAS.parent / "Deploy/network"
NODES = ["oip-lublin.main", "fundacja-przyklad.main", "kcik.main", "kwp-lublin.main"]


def vector(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def refuses(name, act):
    try:
        act()
    except Refused as error:
        assert error.name == name, f"refused with {error.name}, not {name}"
        return
    raise AssertionError(f"not refused with {name}")


# ---- Vectors


def test_signed_notes():
    notes = vector("notes.json")
    for each in notes["accepted"]:
        assert formats.open_note(each["note"].encode(), each["keys"])[1] == each["signed_by"]
    for each in notes["refused"]:
        try:
            formats.open_note(each["note"].encode(), each["keys"])
        except Refused:
            continue
        raise AssertionError(f"accepted a note with: {each['why']}")
    assert notes["accepted"] and notes["refused"]


def test_plain_envelope():
    v = vector("envelope.json")
    public, seed = bytes.fromhex(v["public_key"]), bytes.fromhex(v["seed"])
    alone = schema().Envelope.FromString(bytes.fromhex(v["alone"]))
    assert formats.header_digest(alone.header).hex() == v["header_digest"]
    assert formats.body_digest(alone.body).hex() == v["body_digest"]
    assert formats.wraps_root(alone).hex() == v["wraps_root"]
    assert formats.envelope_digest(alone).hex() == v["digest"]
    formats.check_signature(alone, public)
    assert formats.sign_batch([alone], seed)[0].hex() == v["alone"]
    formats.check_signature(
        schema().Envelope.FromString(bytes.fromhex(v["batch"]["envelope"])), public)
    assert formats.batch_statement(5, bytes.fromhex(v["batch"]["root"])).hex() == (
        v["batch"]["statement"])


def test_sealed_envelope_is_made_byte_for_byte():
    v = vector("seal.json")
    submitted = schema().Envelope.FromString(bytes.fromhex(v["submitted"]))
    header = schema().Header.FromString(submitted.header)
    header.ClearField("seal")
    recipients = {each["node"]: each for each in v["recipients"]}
    envelope = formats.seal(
        header, bytes.fromhex(v["content"]),
        {node: bytes.fromhex(each["public_key"]) for node, each in recipients.items()},
        content_key=bytes.fromhex(v["content_key"]),
        ephemerals={node: bytes.fromhex(each["ephemeral_private_key"])
                    for node, each in recipients.items()})
    assert formats.wraps_root(envelope).hex() == v["wraps_root"]
    assert formats.sign_batch([envelope], bytes.fromhex(v["seed"]))[0].hex() == v["submitted"]
    delivered = schema().Envelope.FromString(bytes.fromhex(v["delivered"]))
    assert formats.envelope_digest(delivered).hex() == v["digest"]
    formats.check_signature(delivered, bytes.fromhex(v["public_key"]))
    node = delivered.wraps[0].recipient
    secret = bytes.fromhex(recipients[node]["private_key"])
    header = schema().Header.FromString(delivered.header)
    assert formats.unseal(delivered, header, node, [secret]).hex() == v["content"]


def test_padding():
    table, reached = vector("seal.json")["padding"], 0
    for each in table:
        for inner in range(max(0, each["content"] - 8), each["content"]):
            content = schema().SealedContent(body=bytes(inner))
            if len(content.SerializeToString()) == each["content"]:
                reached += 1
                assert len(formats.padded(content)) in formats.STEPS
                assert len(content.padding) == each["zeros"], each
    assert reached >= len(table) - 2, reached


def test_tree_and_ledger_leaf():
    tree = vector("tree.json")
    leaves = [bytes.fromhex(each) for each in tree["leaves"]] if isinstance(
        tree["leaves"][0], str) else [bytes.fromhex(each["leaf"]) for each in tree["leaves"]]
    for size in range(1, len(leaves) + 1):
        root = formats.tree_root(leaves[:size])
        assert root.hex() in json.dumps(tree), f"root of {size}"
        for index in range(size):
            path = formats.inclusion_path(leaves[:size], index)
            assert formats.root_from_path(leaves[index], index, size, path) == root
            assert formats.root_from_path(leaves[index], index, size, path + [root]) is None
    v = vector("ledger-leaf.json")
    leaf = formats.ledger_leaf(bytes.fromhex(v["salt"]), bytes.fromhex(v["record"]))
    assert leaf.hex() == v["leaf"] and formats.leaf_hash(leaf).hex() == v["leaf_hash"]


def test_the_least_size_of_a_path():
    for size in range(1, 34):
        leaves = [bytes([n]) for n in range(size)]
        for index, leaf in enumerate(leaves):
            path, root = formats.inclusion_path(leaves, index), formats.tree_root(leaves)
            fitting = [other for other in range(1, 70) if formats.root_from_path(
                leaf, index, other, path) == root]
            assert fitting[0] == formats.least_size(index, size)


def test_days():
    assert formats.day(1_796_169_600_000) == "2026-12-02"
    assert formats.day(1_796_169_600_000 - 3_600_001) == "2026-12-01"  # 23:59:59.999 in Warsaw
    assert formats.day(1_796_169_600_000 - 3_600_000) == "2026-12-02"
    assert formats.day(1_796_169_600_000, later=180) == "2027-05-31"


def test_enrolment_request():
    identity = Identity.fresh("kcik.main")
    note = identity.request("kcik")
    key = formats.verifier_key("kcik.main", formats.signing_public(identity.signing_seed))
    text, signed_by = formats.open_note(note, [key])
    assert signed_by == ["kcik.main"]
    assert yaml.load(text, Loader=yaml.BaseLoader) == {
        "wici-request": "1", "institution": "kcik", "node": "kcik.main", **identity.public_hex()}


def test_checkpoint():
    v = vector("checkpoint.json")
    for name in ("signed", "cosigned"):
        assert formats.open_checkpoint(
            v[name].encode(), v["ledger"]["verifier_key"], v["origin"]) == (
                v["size"], bytes.fromhex(v["root"]))


def test_the_policys_checks_agree_with_the_naive_evaluation():
    policy = naive_audience.load(str(NETWORK / "policy.yaml"))
    assert len(policy["checks"]) >= 40
    assert naive_audience.run_checks(policy, policy["issued"]) == []


# ---- Through sockets


class Network:
    """A registry with four nodes, the demonstration policy, and the small hub."""

    def __init__(self):
        self.scenarios = []
        self.identities = {node: Identity.fresh(node) for node in NODES}
        self.hub_exchange, self.ledger = os.urandom(32), os.urandom(32)
        authority = [(f"authority.example/{n}", os.urandom(32)) for n in (1, 2, 3)]
        self.trust = Trust(2, [formats.verifier_key(name, formats.signing_public(seed))
                               for name, seed in authority])
        day, later = formats.day(), formats.day(later=30)
        contents = yaml.safe_load((NETWORK / "institutions.yaml").read_text(encoding="utf-8"))
        contents |= {
            "registry": "selftest", "release": 1, "previous": "none", "issued": day,
            "expires": later,
            "authority": {"threshold": 2, "keys": self.trust.keys},
            "hub": {"origin": ORIGIN,
                    "exchange-key": formats.x25519_public(self.hub_exchange).hex(),
                    "ledger-key": formats.verifier_key(
                        ORIGIN, formats.signing_public(self.ledger))},
            "nodes": [{"id": node, "institution": node.split(".")[0], "valid-from": "2026-01-01",
                       **identity.public_hex()} for node, identity in self.identities.items()]}
        text = yaml.safe_dump(contents, allow_unicode=True, sort_keys=False)
        policy = (NETWORK / "policy.yaml").read_text(encoding="utf-8")
        policy = re.sub(r"(?m)^issued: .*$", f"issued: {day}", policy)
        policy = re.sub(r"(?m)^(expires|    until): .*$", rf"\1: {later}", policy)
        self.registry_note = formats.make_note(text, authority[:2])
        self.hub = FakeHub(self.registry_note, formats.make_note(policy, authority[1:]),
                           self.trust, {"exchange": self.hub_exchange, "ledger": self.ledger},
                           Registry)
        self.hub.start()

    def job(self, node, keys=None):
        return {"exchange": self.hub.exchange, "feed": self.hub.feed, "node": node,
                "hub_key": formats.x25519_public(self.hub_exchange).hex(),
                "keys": (keys or self.identities[node]).secret_hex(),
                "authority": {"threshold": 2, "keys": self.trust.keys}}

    def node(self, node, hello=True):
        scenario = Scenario(self.job(node))
        self.scenarios.append(scenario)
        if hello:
            self.do(scenario, do="hello")
        return scenario

    def stop(self):
        for scenario in self.scenarios:
            scenario.do_close({})
        self.hub.stop()

    @staticmethod
    def do(scenario, **step):
        result = scenario.run(step)
        assert result["ok"], json.dumps(result, indent=1)
        return result


def practice(title="Rozmowa w autobusie", marking="TLP:GREEN", **more):
    return {"type": "good-practice", "marking": marking, "to": {"regions": ["PL"]},
            "body": {"common": {"title": title}, "domain": "GP-IDE", "problem": "Milczenie.",
                     "steps": "Dwie osoby.", "result": "Dwa razy wiecej relacji.",
                     "contact": "koordynator"}} | more


SUPPORT = {
    "type": "support-request", "marking": "TLP:AMBER+STRICT", "urgency": "UR-4",
    "data-level": "special", "data-subject": "victim", "to": {"institutions": ["kcik"]},
    "body": {"common": {"title": "Schronienie", "legalGround": "Zgoda osoby"},
             "needs": ["NE-SHF"], "adults": 1, "children": 2, "profile": "PF-FAM",
             "neededFrom": "2026-12-01T20:00:00+01:00", "consent": "CO-YES"}}


def test_round_trip(network):
    do, sender = network.do, network.node("oip-lublin.main")
    reader = network.node("fundacja-przyklad.main")
    do(reader, do="subscribe", subscriptions=[{"types": ["good-practice"]}])
    sent = do(sender, do="send", drafts=[practice(f"Praktyka {n}") for n in range(7)])
    assert [list(r["audience"]) for r in sent["receipts"]] == [["fundacja-przyklad.main"]] * 7
    assert set(sent["receipts"][0]["eligible"]) == set(NODES) - {"oip-lublin.main"}
    got = do(reader, do="receive", count=7)
    assert [each["body"]["common"]["title"] for each in got["messages"]] == [
        f"Praktyka {n}" for n in range(7)]
    do(reader, do="acknowledge")
    do(reader, do="fetch", **{"from": 3, "limit": 2})
    do(reader, do="fetch", mailbox="kcik.main", **{"expect-refused": "not-your-mailbox"})
    proof = do(reader, do="prove", message=got["messages"][3]["message"])
    assert proof["event"] == "accepted" and proof["size"] == 7
    do(reader, do="reconnect")
    welcome = do(reader, do="hello")
    assert welcome["head"] == 7
    do(reader, do="nothing", seconds=0.3)


def test_sealed(network):
    do, sender = network.do, network.node("fundacja-przyklad.main")
    helper = network.node("kcik.main")
    do(sender, do="send", **SUPPORT, **{"expect-receipt": "seal-required"})
    do(sender, do="send", **SUPPORT, **{
        "seal-to": ["kwp-lublin.main"], "expect-receipt": "wraps-not-eligible"})
    sent = do(sender, do="send", **SUPPORT, **{"seal-to": "audience"})
    assert list(sent["receipts"][0]["audience"]) == ["kcik.main"]
    got = do(helper, do="receive")["messages"][0]
    assert got["sealed"] and got["body"]["children"] == 2
    envelope = schema().Envelope.FromString(helper.client.inbox[-1].envelope)
    assert [wrap.recipient for wrap in envelope.wraps] == ["kcik.main"]
    acknowledgement = {"type": "acknowledgement", "marking": "TLP:AMBER",
                       "to": {"institutions": ["fundacja-przyklad"]}, "references": "last",
                       "body": {"note": "Przyjeto"}}
    do(helper, do="send", **acknowledgement)
    assert do(sender, do="receive")["messages"][0]["references"] == [got["message"]]


def test_feed(network):
    do, sender = network.do, network.node("oip-lublin.main")
    do(sender, do="feed-open")
    do(sender, do="send", **practice("Jawna", "TLP:CLEAR"))
    do(sender, do="send", **practice("Niejawna", "TLP:GREEN"))
    heard = do(sender, do="feed-read", seconds=20, expect=[
        "good-practice/PL/", "heartbeat/", "checkpoint/"])["heard"]
    assert "Niejawna" not in json.dumps(heard)


def test_strangers(network):
    stranger = Scenario(network.job("kcik.main", Identity.fresh("kcik.main")))
    assert network.do(stranger, do="connect", expect="refused 400")
    wrong = network.job("kcik.main") | {"hub_key": os.urandom(32).hex()}
    assert network.do(Scenario(wrong), do="connect", seconds=0.7, expect=["failed", "silent"])


def test_notes_are_checked(network):
    job = network.job("kcik.main")
    job["authority"]["keys"] = [formats.verifier_key(
        "authority.example/1", formats.signing_public(os.urandom(32)))]
    result = Scenario(job).run({"do": "hello", "expect-refused": "note-signatures-missing"})
    assert result["ok"], result
    note = network.registry_note.replace(b"release: 1", b"release: 2")
    refuses("note-signature-wrong", lambda: Registry(note, network.trust))


def test_hostile_envelopes(network):
    sender = network.node("oip-lublin.main")
    result = network.do(sender, do="hostile", plain=practice(), only=[
        "signature", "altered", "replayed", "same bytes", "another node", "random bytes",
        "truncated packet", "another's mailbox", "before the hello"],
        **{"other-node": "kcik.main"})
    names = [each["name"] for each in result["cases"] if each["name"] != "body of random bytes"]
    assert len(names) > 12, names


def test_recipient_refuses(network):
    kcik = network.identities["kcik.main"]
    sender = network.identities["fundacja-przyklad.main"]
    registry = Registry(network.registry_note, network.trust)
    count = 0
    for name, data, code in hostile_deliveries.recipient_cases(sender, registry, "kcik.main", SUPPORT):
        count += 1
        try:
            formats.open_envelope(data, registry, "kcik.main", kcik.sealing_secrets)
            got = None
        except Refused as error:
            got = error.name
        assert got == code, f"{name}: {got}, not {code}"
    assert count == 13


def main():
    tests = [(name, test) for name, test in globals().items() if name.startswith("test_")]
    failed = 0
    for name, test in tests:
        network = Network() if test.__code__.co_argcount else None
        try:
            test(network) if network else test()
            print(f"ok      {name[5:].replace('_', ' ')}")
        except Exception:
            failed += 1
            print(f"FAILED  {name[5:].replace('_', ' ')}\n{traceback.format_exc()}")
        finally:
            if network:
                network.stop()
    print(f"{len(tests) - failed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
