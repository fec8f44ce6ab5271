# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""Who may have a message and who gets it, computed the slow and obvious way from the texts of
registry and policy: section 5 of Schemas/PROTOCOL.md. Shares nothing with the Swift library.

Usage: naive_audience.py JOB      a JSON file: registry, policy (paths of the texts or notes),
                                  date, subscriptions {node: [...]}, headers [{...}]; prints JSON
       naive_audience.py --checks POLICY    runs the policy's own checks against this evaluator
"""

import dataclasses
import json
import pathlib
import sys

import yaml

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "Schemas"
MARKINGS = ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
LEVELS = ["none", "personal", "special"]
REGION_WORDS = {
    "any": {"other", "same", "named", "both"},
    "same": {"same", "both"},
    "named": {"named", "both"},
    "same-or-named": {"same", "named", "both"},
    "not-named": {"other", "same"},
    "other": {"other"},
}


@dataclasses.dataclass(frozen=True)
class Case:
    """What rules look at: one sender, one recipient, one set of labels."""

    sender: str
    recipient: str
    type: str
    relation: str
    marking: str
    level: str
    about: str
    purpose: str
    regime: str
    status: str
    sealed: bool


@dataclasses.dataclass
class Verdict:
    """`refusal` is None when somebody may have the message."""

    refusal: str | None
    eligible: dict
    field: str = ""

    def audience(self, header, registry, subscriptions):
        return sorted(node for node, how in self.eligible.items() if how["named"] or any(
            wanted(each, header, registry) for each in subscriptions.get(node, [])))


def load(path_or_text):
    """A document's contents, every scalar a string; signature lines of a note are left out."""
    text = path_or_text
    if "\n" not in text:
        text = pathlib.Path(text).read_text(encoding="utf-8")
    return yaml.load(text.split("\n\n\u2014 ")[0], Loader=yaml.BaseLoader)


def kind_words():
    text = (SCHEMAS / "vocabulary/institution-kind.yaml").read_text(encoding="utf-8")
    return {each["code"]: each["word"] for each in yaml.safe_load(text)["codes"]}


# ---- One case under the policy


def _holds(words, value):
    return words == "any" or value in words


def matches(rule, case, date):
    """Whether a grant or never covers the case: every condition it states must hold."""
    level = LEVELS.index(case.level)
    marking = MARKINGS.index(case.marking)
    conditions = {
        "from": lambda words: _holds(words, case.sender),
        "to": lambda words: _holds(words, case.recipient),
        "types": lambda words: _holds(words, case.type),
        "region": lambda word: case.relation in REGION_WORDS[word],
        "marking-at-most": lambda label: marking <= MARKINGS.index(label),
        "marking-from": lambda label: marking >= MARKINGS.index(label),
        "data-level-at-most": lambda word: level <= LEVELS.index(word),
        "data-level-from": lambda word: level >= LEVELS.index(word),
        "data-about": lambda words: level == 0 or _holds(words, case.about),
        "purpose": lambda words: _holds(words, case.purpose),
        "regime": lambda words: _holds(words, case.regime),
        "status": lambda words: _holds(words, case.status),
        "sealed": lambda word: word == "optional" or case.sealed == (word in ("required", "yes")),
        "until": lambda day: date <= day,
    }
    for key, value in rule.items():
        if key in ("id", "says", "basis"):
            continue
        if key == "data-about" and "data-level-at-most" not in rule and level == 0:
            return False
        if not conditions[key](value):
            return False
    return True


def decide(policy, case, date):
    """("allowed", grant ids) or ("forbidden", never ids) or ("seal-required" and so on, [])."""
    nevers = [never["id"] for never in policy.get("nevers", []) if matches(never, case, date)]
    if nevers:
        return "forbidden", nevers
    seal = policy["seal"]
    must = (MARKINGS.index(case.marking) >= MARKINGS.index(seal["marking-from"])
            or LEVELS.index(case.level) >= LEVELS.index(seal["data-level-from"]))
    grants = [grant["id"] for grant in policy["grants"] if matches(grant, case, date)]
    if grants and (case.sealed or not must):
        return "allowed", grants
    sealed = dataclasses.replace(case, sealed=True)
    if not case.sealed and decide(policy, sealed, date)[0] == "allowed":
        return "seal-required", []
    for marking in MARKINGS:
        other = dataclasses.replace(sealed, marking=marking)
        if any(matches(grant, other, date) for grant in policy["grants"]):
            return "marking-above-ceiling", []
    return "not-granted", []


# ---- A whole message


def _valid(entry, date):
    return entry["valid-from"] <= date <= entry.get("valid-to", "9999-12-31")


def _stands(node, institutions, date):
    """Whether a node is in good standing: its days, its institution's, not revoked by then."""
    return (_valid(node, date) and _valid(institutions[node["institution"]], date)
            and ("revoked" not in node or date < node["revoked"]["date"]))


def _shares_region(one, other):
    mine, theirs = set(one["regions"]), set(other["regions"])
    return "PL" in mine | theirs or bool(mine & theirs)


def evaluate(header, registry, policy, date):
    """`header` is a mapping: sender, type, tlp, data_level, data_subject, purpose, regime, status,
    sealed, urgency, topics, selector {regions, kinds, teams, institutions, roles}."""
    words = kind_words()
    institutions = {each["id"]: each for each in registry.get("institutions", [])}
    nodes = registry.get("nodes", [])
    sender_node = next((node for node in nodes if node["id"] == header["sender"]), None)
    if sender_node is None:
        return Verdict("unknown-key", {}, "sender")
    sender = institutions[sender_node["institution"]]
    if not _stands(sender_node, institutions, date):
        return Verdict("revoked", {}, "sender")
    selector = {key: list(header["selector"].get(key, [])) for key in (
        "regions", "kinds", "teams", "institutions", "roles")}
    by_list = selector["regions"] or selector["kinds"] or selector["teams"]
    if header["tlp"] == "TLP:RED" and (
            by_list or selector["institutions"] or not selector["roles"]):
        return Verdict("roles-required", {}, "selector")

    named = {}
    for place, name in enumerate(selector["institutions"]):
        named.setdefault(name, f"selector.institutions[{place}]")
    for place, address in enumerate(selector["roles"]):
        name, _, role = address.partition("/")
        if name not in institutions:
            return Verdict("recipient-unknown", {}, f"selector.roles[{place}]")
        if role not in institutions[name].get("roles", []):
            return Verdict("role-unknown", {}, f"selector.roles[{place}]")
        named.setdefault(name, f"selector.roles[{place}]")
    for name, field in sorted(named.items()):
        if name not in institutions or not _valid(institutions[name], date):
            return Verdict("recipient-unknown", {}, field)
    teams = {team["id"] for team in registry.get("teams", [])}
    for place, team in enumerate(selector["teams"]):
        if team not in teams:
            return Verdict("recipient-unknown", {}, f"selector.teams[{place}]")

    selected = set()
    for name, institution in institutions.items():
        if by_list and _valid(institution, date) and (
                not selector["kinds"] or institution["kind"] in selector["kinds"]) and (
                not selector["teams"] or set(institution.get("teams", []))
                & set(selector["teams"])) and (
                not selector["regions"] or "PL" in selector["regions"]
                or set(institution["regions"]) & set(selector["regions"])):
            selected.add(name)

    eligible, reasons = {}, set()
    for name in sorted(named) + sorted(selected - set(named)):
        institution = institutions[name]
        standing = [node["id"] for node in nodes if node["institution"] == name
                    and node["id"] != header["sender"] and _stands(node, institutions, date)]
        is_named = name in named or any(
            region != "PL" and region in selector["regions"] for region in institution["regions"])
        is_same = _shares_region(sender, institution)
        relation = {(False, False): "other", (True, False): "same", (False, True): "named",
                    (True, True): "both"}[is_same, is_named]
        outcome, rules = decide(policy, Case(
            words[sender["kind"]], words[institution["kind"]], header["type"], relation,
            header["tlp"], header.get("data_level", "none"), header.get("data_subject", ""),
            header["purpose"], header["regime"], header["status"], header["sealed"]), date)
        if outcome == "allowed":
            if name in named and not standing and name != sender["id"]:
                return Verdict("recipient-without-node", {}, named[name])
            for node in standing:
                eligible[node] = {"rules": rules, "named": name in named}
        elif name in named:
            return Verdict(outcome, {}, named[name])
        elif outcome == "seal-required":
            return Verdict(outcome, {})
        else:
            reasons.add(outcome)
    if eligible:
        return Verdict("audience-too-large" if len(eligible) > 4096 else None, eligible)
    for reason in ("marking-above-ceiling", "forbidden", "not-granted"):
        if reason in reasons:
            return Verdict(reason, {})
    return Verdict("nobody-eligible", {})


def covered_regions(header, registry):
    """The regions a message is about, for subscriptions: the selector's, else those of its teams,
    else the whole country."""
    selector = header["selector"]
    if selector.get("regions"):
        return set(selector["regions"])
    if selector.get("teams"):
        return {team["region"] for team in registry["teams"] if team["id"] in selector["teams"]}
    return {"PL"}


def wanted(subscription, header, registry):
    regions = covered_regions(header, registry)
    node = next(each for each in registry["nodes"] if each["id"] == header["sender"])
    kind = next(each["kind"] for each in registry["institutions"]
                if each["id"] == node["institution"])

    def has(key, values):
        return not subscription.get(key) or bool(set(subscription[key]) & set(values))

    return (has("types", [header["type"]]) and has("statuses", [header["status"]])
            and has("topics", header.get("topics", [])) and has("sender_kinds", [kind])
            and (not subscription.get("regions") or "PL" in regions
                 or "PL" in subscription["regions"]
                 or bool(set(subscription["regions"]) & regions))
            and (not subscription.get("urgency_from")
                 or header["urgency"] >= subscription["urgency_from"]))


# ---- The policy's own checks


def run_checks(policy, date):
    """Pairs of a check's text and what differs; empty when this evaluator agrees with all."""
    wrong = []
    for text in policy["checks"]:
        facts, _, expected = text.rpartition(" = ")
        people, *labels = [part.strip() for part in facts.split(",")]
        sender, recipient = people.split(" -> ")
        values = {"relation": "same", "marking": "TLP:GREEN", "level": "none", "about": "",
                  "purpose": "prevention", "regime": "gdpr", "status": "actual", "sealed": False}
        kind = labels.pop(0)
        for label in labels:
            if label in ("same", "named", "both", "other"):
                values["relation"] = label
            elif label in MARKINGS:
                values["marking"] = label
            elif label.split(" ")[0] in LEVELS:
                values["level"], _, values["about"] = label.partition(" about ")
            elif label in ("prevention", "support", "inspection", "analysis"):
                values["purpose"] = label
            elif label in ("gdpr", "led"):
                values["regime"] = label
            elif label in ("actual", "exercise", "test"):
                values["status"] = label
            elif label in ("sealed", "unsealed"):
                values["sealed"] = label == "sealed"
            else:
                wrong.append((text, f"unknown word {label}"))
        outcome, rules = decide(policy, Case(sender, recipient, kind, **values), date)
        expected_words = {
            "refused, no grant": ("not-granted",), "refused, seal required": ("seal-required",),
            "refused, marking": ("marking-above-ceiling",)}
        if expected in expected_words:
            right = outcome in expected_words[expected]
        else:
            verb, _, named = expected.partition(" by ")
            right = outcome == {"allowed": "allowed", "refused": "forbidden"}[verb] and (
                set(named.split(" and ")) <= set(rules))
        if not right:
            wrong.append((text, f"{outcome} {rules}"))
    return wrong


def main():
    if len(sys.argv) == 3 and sys.argv[1] == "--checks":
        policy = load(sys.argv[2])
        wrong = run_checks(policy, policy["issued"])
        for text, difference in wrong:
            print(f"{text}\n    here: {difference}")
        print(f"{len(policy['checks']) - len(wrong)} of {len(policy['checks'])} checks agree")
        return 1 if wrong or not policy["checks"] else 0
    if len(sys.argv) != 2:
        print(__doc__)
        return 2
    job = json.loads(pathlib.Path(sys.argv[1]).read_text(encoding="utf-8"))
    registry, policy = load(job["registry"]), load(job["policy"])
    results = []
    for header in job["headers"]:
        verdict = evaluate(header, registry, policy, job["date"])
        results.append({
            "id": header.get("id"), "refusal": verdict.refusal, "field": verdict.field,
            "eligible": verdict.eligible,
            "audience": verdict.audience(header, registry, job.get("subscriptions", {}))})
    print(json.dumps(results))
    return 0


if __name__ == "__main__":
    sys.exit(main())
