#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""Sends every sample message through a real hub, with a Python node for every institution, and
compares receipts and inboxes with the naive evaluation of registry, policy and subscriptions.

Usage: whole_network.py JOB.json [MESSAGES]

JOB is a job of scenario.py without `node`, `keys` and `steps`, with `nodes`: {node id: its keys}.
MESSAGES is the folder of the drafts (default: Deploy/network/messages). Prints JSON: `ok`, `sent`,
`delivered` (node: count), `differences`; status 0 when there are none.
"""

import json
import pathlib
import sys

import yaml

import drafts
import naive_audience
import wici_formats as formats
from scenario import Scenario, header_facts
from wici_formats import schema

MESSAGES = formats.SCHEMAS.parent / "Deploy/network/messages"
LAW_ENFORCEMENT = ["IK-POL", "IK-SG", "IK-PRO", "IK-KGP", "IK-KSG"]
# Each node takes the next of these, so that every condition of a subscription decides something.
SUBSCRIPTIONS = [
    [{}],
    [{"types": ["warning", "good-practice", "prevention", "training-notice"]}],
    [{"regions": ["PL-06"]}],
    [{"urgency_from": "UR-3"}],
    [],
    [{"sender_kinds": ["IK-NGO"]}, {"topics": ["EX-LAB", "NE-SHF", "GP-IDE"]}],
    [{"regions": ["PL-20"], "statuses": ["actual"]}],
]


class WholeNetwork:
    def __init__(self, job):
        self.differences, self.nodes, self.subscriptions = [], {}, {}
        self.expected, self.ids = {}, {}
        for place, (node, keys) in enumerate(sorted(job["nodes"].items())):
            scenario = Scenario(job | {"node": node, "keys": keys})
            self.nodes[node] = scenario
            self.do(scenario, do="hello")
            chosen = SUBSCRIPTIONS[place % len(SUBSCRIPTIONS)]
            self.do(scenario, do="subscribe", subscriptions=chosen)
            self.subscriptions[node], self.expected[node] = chosen, []
            scenario.client.receive(scenario.client.welcome.mailbox_head)
            scenario.taken = len(scenario.client.inbox)
        client = self.nodes[sorted(job["nodes"])[0]].client
        self.registry, self.policy = client.registry.contents, client.policy.contents

    def do(self, scenario, **step):
        result = scenario.run(step)
        if not result["ok"]:
            self.differ(scenario.identity.node, step["do"], result)
        return result

    def differ(self, *what):
        self.differences.append([json.loads(json.dumps(each, default=str)) for each in what])

    def draft(self, path):
        draft = json.loads(json.dumps(yaml.safe_load(path.read_text("utf-8")), default=str))
        sender, answers = draft.pop("from") + ".main", draft.pop("answers", None)
        if answers is not None:
            target = self.ids[str(answers).zfill(2)]
            draft["references"] = [target]
            if draft["type"] == "correction":
                draft["body"]["target"] = target
        institution = sender.removesuffix(".main")
        kind = next(each["kind"] for each in self.registry["institutions"]
                    if each["id"] == institution)
        if kind in LAW_ENFORCEMENT:
            draft.setdefault("regime", "led")
        return sender, draft

    def send(self, path):
        sender, draft = self.draft(path)
        header, _ = drafts.compose(draft, sender)
        day = formats.day()
        for sealed in (False, True):
            facts = header_facts(header, sealed)
            verdict = naive_audience.evaluate(facts, self.registry, self.policy, day)
            if verdict.refusal != "seal-required":
                break
        if sealed:
            draft["seal-to"] = sorted(verdict.eligible)
        receipts = self.do(self.nodes[sender], do="send", **draft).get("receipts")
        if not receipts or not receipts[0]["accepted"]:
            return
        receipt = receipts[0]
        audience = verdict.audience(facts, self.registry, self.subscriptions)
        if receipt["eligible"] != verdict.eligible or sorted(receipt["audience"]) != audience:
            self.differ(path.name, {"eligible": verdict.eligible, "audience": audience}, receipt)
        self.ids[path.name[:2]] = receipt["message"]
        for node in audience:
            self.expected[node].append(receipt["message"])

    def compare(self):
        for node, scenario in self.nodes.items():
            self.do(scenario, do="receive", count=len(self.expected[node]), seconds=60)
        # Whatever was delivered to one who should not have it arrives in this time too.
        for node, scenario in self.nodes.items():
            scenario.client.pump(0.2)
            start = len(scenario.client.inbox) - len(self.expected[node])
            before = scenario.client.welcome.mailbox_head
            got = [scenario.client.open(each).get("message")
                   for each in scenario.client.inbox[before:]]
            if start != before or got != self.expected[node] or scenario.client.duplicates:
                self.differ(node, "inbox", {"got": got, "expected": self.expected[node]})
            self.do(scenario, do="acknowledge")
            scenario.client.close()


def main(arguments):
    if len(arguments) not in (1, 2):
        print(__doc__)
        return 2
    job = json.loads(pathlib.Path(arguments[0]).read_text(encoding="utf-8"))
    network = WholeNetwork(job)
    paths = sorted(pathlib.Path(arguments[1] if arguments[1:] else MESSAGES).glob("*.yaml"))
    types = set()
    for path in paths:
        network.send(path)
        types.add(yaml.safe_load(path.read_text("utf-8"))["type"])
    network.compare()
    missing = sorted(set(schema().types) - types)
    good = bool(paths) and not network.differences and len(network.ids) == len(paths)
    print(json.dumps({"ok": good, "sent": len(network.ids), "types-not-sent": missing,
                      "delivered": {n: len(e) for n, e in network.expected.items()},
                      "differences": network.differences}, ensure_ascii=False, indent=1))
    return 0 if good else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
