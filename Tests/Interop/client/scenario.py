#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""Drives the Python client by a JSON job, so that a test in any language can use it.

Usage: scenario.py JOB.json        runs the job's steps, prints one JSON object, status 0 or 1
       scenario.py --lines JOB.json   takes steps as JSON lines from standard input instead, prints
                                      one JSON line after each: for tests that act in between

Job and steps are described in README.md.
"""

import json
import pathlib
import sys
import time
import traceback
import uuid

import drafts
import hostile
import hostile_deliveries
import naive_audience
import wici_formats as formats
from wici_client import Exchange, Feed, Identity, Trust
from wici_formats import Refused, demand, schema


class Scenario:
    def __init__(self, job):
        self.job = job
        self.identity = Identity.read(job["node"], job["keys"])
        self.trust = Trust(job["authority"]["threshold"], job["authority"]["keys"])
        self.client, self.sent = None, []
        self.taken = 0

    def run(self, step):
        """One step; its result always has `do` and `ok`."""
        result = {"do": step.get("do")}
        before = len(self.client.refusals) if self.client else 0
        try:
            act = getattr(self, "do_" + step["do"].replace("-", "_"), None)
            demand(act is not None, "unexpected-packet", f"no step {step['do']}")
            result |= act(step) or {}
            refused = None
        except Refused as error:
            refused = error.name
            result |= {"refused": error.name, "detail": str(error)}
        except Exception as error:  # The driver reads the fault from the result.
            refused = f"fault: {error}"
            result |= {"fault": traceback.format_exc(limit=-3)}
        if self.client and len(self.client.refusals) > before:
            result["refusals"] = [each["name"] for each in self.client.refusals[before:]]
        wanted = step.get("expect-refused")
        result.setdefault("ok", True)
        result["ok"] = result["ok"] and (
            refused is None if wanted is None else refused in _names(wanted))
        return result

    def exchange(self):
        if self.client is None:
            self.client = Exchange(
                self.job["exchange"], bytes.fromhex(self.job["hub_key"]), self.identity,
                self.trust, self.job.get("window", 1000))
        return self.client

    # ---- Steps

    def do_connect(self, step):
        """How the handshake ends; `expect` (default "connected") may be a list."""
        outcome = self.exchange().handshake(step.get("seconds", 20))
        return {"outcome": outcome, "ok": outcome in _names(step.get("expect", "connected"))}

    def do_reconnect(self, step):
        self.exchange().connect()

    def do_hello(self, step):
        client = self.exchange()
        welcome = client.hello(step.get("seconds", 20), tuple(step.get("version", (1, 1))))
        return {"version": welcome.version, "head": welcome.mailbox_head,
                "acknowledged": welcome.mailbox_acknowledged,
                "registry": client.registry.release, "policy": client.policy.release,
                "nodes": sorted(client.registry.nodes),
                "subscriptions": [formats.mapping(each)
                                  for each in welcome.subscriptions],
                "checkpoint": client.checkpoint[0] if client.checkpoint else None}

    def do_send(self, step):
        """One draft (the step itself) or `drafts`, as one signed batch. `seal-to`: eligible
        nodes, or "audience" to compute them with the naive evaluation."""
        drafts = [self._draft(each) for each in step.get("drafts", [step])]
        receipts = self.exchange().send(drafts, step.get("seconds", 30))
        self.sent += receipts
        wanted = step.get("expect-receipt")
        good = all(r["accepted"] if wanted is None else
                   not r["accepted"] and r["refusal"]["name"] in _names(wanted) for r in receipts)
        return {"receipts": receipts, "ok": good}

    def do_send_hidden_faults(self, step):
        """Sends `draft`, sealed, once for each fault that only a recipient can see: the hub must
        accept all. Each with the code that the recipient must give."""
        client, sent = self.exchange(), []
        nodes = {*step["draft"]["seal-to"], self.identity.node}
        keys = {node: client.registry.sealing_key(node) for node in nodes}
        for name, options, expected in hostile_deliveries.hidden_faults():
            header, body = drafts.compose(step["draft"], self.identity.node)
            envelope = formats.seal(header, body, keys, **options(header, body))
            receipt = client.submit(
                formats.sign_batch([envelope], self.identity.signing_seed))[0]
            sent.append({"name": name, "message": receipt["message"], "expect": expected,
                         "accepted": receipt["accepted"]})
        return {"sent": sent, "ok": all(each["accepted"] for each in sent)}

    def _draft(self, step):
        draft = {key: value for key, value in step.items() if key != "do"}
        for key in ("thread", "references"):
            if draft.get(key) == "last":
                last = self._last_message()
                draft[key] = [last] if key == "references" else last
        if draft.get("seal-to") == "audience":
            verdict = self._naive(draft | {"seal-to": []})
            demand(verdict.refusal is None, verdict.refusal, "naive evaluation")
            draft["seal-to"] = sorted(verdict.eligible)
        return draft

    def _naive(self, draft):
        client = self.exchange()
        header, _ = drafts.compose(draft, self.identity.node)
        return naive_audience.evaluate(
            header_facts(header, "seal-to" in draft), client.registry.contents,
            client.policy.contents, formats.day())

    def _last_message(self):
        client = self.exchange()
        demand(client.inbox, "message-unknown")
        envelope = schema().Envelope.FromString(client.inbox[-1].envelope)
        return str(uuid.UUID(bytes=schema().Header.FromString(envelope.header).message_id))

    def do_who(self, step):
        """The naive evaluation of a draft."""
        verdict = self._naive(self._draft(step))
        return {"refusal": verdict.refusal, "eligible": verdict.eligible}

    def do_receive(self, step):
        """Waits for `count` deliveries beyond those received before, opens and checks each."""
        client, count = self.exchange(), step.get("count", 1)
        client.receive(self.taken + count, step.get("seconds", 30))
        new = client.inbox[self.taken:]
        self.taken = len(client.inbox)
        return {"messages": [client.open(each) for each in new], "ok": len(new) == count,
                "through": client.stored_through, "duplicates": client.duplicates}

    def do_open(self, step):
        """Opens everything in the inbox again, or the delivered envelope given as `hex`."""
        client = self.exchange()
        if "hex" in step:
            _, header, body = formats.open_envelope(
                bytes.fromhex(step["hex"]), client.registry, self.identity.node,
                self.identity.sealing_secrets)
            return {"type": header.type, "body": formats.mapping(body)}
        return {"messages": [client.open(each) for each in client.inbox]}

    def do_nothing(self, step):
        """Nothing must be delivered for a while."""
        client = self.exchange()
        before = len(client.inbox)
        client.pump(step.get("seconds", 1))
        return {"ok": len(client.inbox) == before}

    def do_acknowledge(self, step):
        client = self.exchange()
        before = len(client.refusals)
        client.acknowledge(step.get("through"))
        # A refusal is on record before it is sent: a pong may come first.
        wait = 20 if "expect-refused" in step else 0.2
        client.pump(wait, lambda: len(client.refusals) > before)
        demand(client.ping(), "node-disconnected", "no pong")
        if len(client.refusals) > before:
            raise Refused(client.refusals[-1]["name"])
        return {"through": client.stored_through}

    def do_subscribe(self, step):
        answer = self.exchange().subscribe(step["subscriptions"])
        return {"subscriptions": [formats.mapping(each)
                                  for each in answer.subscriptions]}

    def do_fetch(self, step):
        answer = self.exchange().fetch(
            step.get("from", 1), step.get("limit", 256), step.get("mailbox"))
        return {"numbers": [each.number for each in answer.deliveries]}

    def do_prove(self, step):
        message = step.get("message") or (
            self.sent[-1]["message"] if self.sent else self._last_message())
        index, size, record = self.exchange().prove(uuid.UUID(message).bytes)
        return {"index": index, "size": size, "event": record.WhichOneof("event")}

    def do_read_ledger(self, step):
        page = self.exchange().read_ledger(
            step.get("from", 0), step.get("limit", 100), step.get("purpose", ""))
        return {"entries": len(page.entries)}

    def do_feed(self, step):
        """Listens; `expect` lists topics that must be heard, and `only` prefixes that all must
        start with. A `stranger` (a key that is not in the registry) must hear nothing."""
        stranger = Identity.fresh(self.identity.node) if step.get("stranger") else None
        feed = Feed(self.job["feed"], bytes.fromhex(self.job["hub_key"]),
                    stranger or self.identity, step.get("prefixes", [""]))
        wanted = set(step.get("expect", []))
        heard = feed.listen(step.get("seconds", 3), self.exchange().registry,
                            lambda so_far: wanted and wanted <= {topic for topic, _ in so_far})
        feed.close()
        only = tuple(step.get("only", [""]))
        return {"heard": [{"topic": topic} | content for topic, content in heard],
                "ok": not (stranger and heard) and wanted <= {topic for topic, _ in heard}
                and all(topic.startswith(only) for topic, _ in heard)}

    def do_feed_open(self, step):
        """Opens the SUB socket now, to be read by a later `feed-read`."""
        self.feed = Feed(self.job["feed"], bytes.fromhex(self.job["hub_key"]), self.identity,
                         step.get("prefixes", [""]))
        time.sleep(step.get("settle", 0.5))

    def do_feed_read(self, step):
        wanted = set(step.get("expect", []))
        heard = self.feed.listen(
            step.get("seconds", 6), self.exchange().registry,
            lambda so_far: wanted and wanted <= {topic for topic, _ in so_far})
        return {"heard": [{"topic": topic} | content for topic, content in heard],
                "ok": wanted <= {topic for topic, _ in heard}}

    def do_raw(self, step):
        """Sends any bytes as one packet; what came back by kind and refusal."""
        client = self.exchange()
        kinds, refusals = len(client.log), len(client.refusals)
        client.send_raw(bytes.fromhex(step["hex"]))
        client.pump(step.get("seconds", 1), lambda: len(client.refusals) > refusals)
        if len(client.refusals) > refusals:
            raise Refused(client.refusals[-1]["name"])
        return {"answers": client.log[kinds:]}

    def do_ping(self, step):
        return {"ok": self.exchange().ping(step.get("seconds", 20)),
                "hub-time": self.exchange().hub_time}

    def do_bye(self, step):
        self.exchange().bye()

    def do_close(self, step):
        if self.client is not None:
            self.client.close()
            self.client = None

    def do_hostile(self, step):
        """Runs the cases of hostile.py; see README.md."""
        results = hostile.run(self.exchange, step, self._reset)
        return {"cases": results, "ok": bool(results) and all(each["ok"] for each in results)}

    def do_flip_every_bit(self, step):
        """A valid envelope with each of its bits flipped in turn: none may be accepted."""
        answers = hostile.flip_every_bit(self.exchange(), self._draft(step["draft"]))
        return {"answers": answers, "ok": not {"accepted", "silence"} & set(answers)}

    def _reset(self):
        client = self.exchange()
        client.connect()
        client.hello()

    def do_wait(self, step):
        self.exchange().pump(step["seconds"])


def header_facts(header, sealed):
    """A header as naive_audience.evaluate takes it."""
    return {"sender": header.sender, "type": header.type, "tlp": header.tlp,
            "data_level": header.data_level, "data_subject": header.data_subject,
            "purpose": header.purpose, "regime": header.regime, "status": header.status,
            "urgency": header.urgency, "topics": list(header.topics), "sealed": sealed,
            "selector": {key: list(getattr(header.selector, key)) for key in (
                "regions", "kinds", "teams", "institutions", "roles")}}


def _names(wanted):
    return [wanted] if isinstance(wanted, str) else wanted


def main(arguments):
    lines = arguments[:1] == ["--lines"]
    arguments = arguments[1:] if lines else arguments
    if len(arguments) != 1:
        print(__doc__)
        return 2
    job = json.loads(pathlib.Path(arguments[0]).read_text(encoding="utf-8"))
    scenario, good = Scenario(job), True
    if lines:
        for line in sys.stdin:
            result = scenario.run(json.loads(line))
            good = good and result["ok"]
            print(json.dumps(result, ensure_ascii=False), flush=True)
        return 0 if good else 1
    results = []
    for step in job["steps"]:
        results.append(scenario.run(step))
        good = good and results[-1]["ok"]
        if not good and not job.get("keep-going"):
            break
    print(json.dumps({"ok": good, "results": results}, ensure_ascii=False, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
