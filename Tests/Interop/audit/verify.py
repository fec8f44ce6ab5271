#!/usr/bin/env python3
# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors
"""Verifies an audit export without any code of Wici.

Written from RFC 6962, RFC 9162, C2SP signed-note and tlog-checkpoint, and Schemas/. Checks every
opening against its leaf, the root against the signed checkpoint, every record against its JSON,
references between records, and the given inclusion and consistency proofs.

Usage: verify.py EXPORT CHECKPOINT VERIFIER-KEY [PROOFS] [--earlier CHECKPOINT]...
An export ends with its checkpoint: lines after it, which nobody signed, are a fault. An opening may be
missing only where an erasure is on record, and no kind of record tells of one yet. Checkpoints given
with --earlier must be of the same ledger when it was shorter. Needs protoc, and the Python packages cryptography and protobuf. Prints a summary as JSON; the exit
status is 0 when everything verifies and 8 when something does not.
"""

import argparse
import base64
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    from cryptography.exceptions import InvalidSignature
    from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
    from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
    from google.protobuf.message import DecodeError
except ImportError as error:
    sys.exit(f"verify.py needs the Python packages of Tests/requirements.txt: {error}")

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "Schemas"


KEYS = ["index", "leaf", "salt", "record", "json"]


class Fault(Exception):
    """Something does not verify."""


# What reading a file that somebody has changed may raise.
FAULTS = (Fault, ValueError, KeyError, IndexError, TypeError, json_format.ParseError, DecodeError)


def unbase64(text):
    """Canonical base64: a changed bit must not go unnoticed in what padding leaves over."""
    data = base64.b64decode(text, validate=True)
    if base64.b64encode(data).decode() != text:
        raise Fault("base64 is not canonical")
    return data


def load_messages():
    """Compiles the schemas and returns the Record and Header classes."""
    with tempfile.TemporaryDirectory() as folder:
        compiled = pathlib.Path(folder) / "schemas.pb"
        subprocess.run(
            ["protoc", "-I", str(SCHEMAS), "--include_imports",
             f"--descriptor_set_out={compiled}",
             str(SCHEMAS / "wici/v1/record.proto"), str(SCHEMAS / "wici/v1/envelope.proto")],
            check=True)
        files = descriptor_pb2.FileDescriptorSet.FromString(compiled.read_bytes())
    pool = descriptor_pool.DescriptorPool()
    for file in files.file:
        pool.Add(file)
    return [message_factory.GetMessageClass(pool.FindMessageTypeByName(f"wici.v1.{name}"))
            for name in ("Record", "Header")]


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def leaf_hash(leaf):
    return sha256(b"\x00", leaf)


def node_hash(left, right):
    return sha256(b"\x01", left, right)


def tree_hash(hashes):
    """RFC 6962 section 2.1, with complete subtrees folded as they fill up."""
    stack = []
    for count, value in enumerate(hashes, 1):
        stack.append(value)
        while count % 2 == 0:
            right = stack.pop()
            stack.append(node_hash(stack.pop(), right))
            count //= 2
    if not stack:
        return sha256()
    root = stack.pop()
    while stack:
        root = node_hash(stack.pop(), root)
    return root


def verify_inclusion(leaf, index, size, path, root):
    """RFC 9162 section 2.1.3.2."""
    if index >= size:
        raise Fault(f"inclusion {index}/{size}: no such leaf")
    position, last, value = index, size - 1, leaf
    for sibling in path:
        if last == 0:
            raise Fault(f"inclusion {index}/{size}: path too long")
        if position % 2 == 1 or position == last:
            value = node_hash(sibling, value)
            while position % 2 == 0 and position != 0:
                position, last = position // 2, last // 2
        else:
            value = node_hash(value, sibling)
        position, last = position // 2, last // 2
    if last != 0 or value != root:
        raise Fault(f"inclusion {index}/{size}: wrong root")


def verify_consistency(old, new, path, old_root, new_root):
    """RFC 9162 section 2.1.4.2."""
    if old == new or old == 0:
        if path or (old == new and old_root != new_root):
            raise Fault(f"consistency {old}/{new}: wrong path")
        return
    path = list(path)
    if old & (old - 1) == 0:
        path.insert(0, old_root)
    position, last = old - 1, new - 1
    while position % 2 == 1:
        position, last = position // 2, last // 2
    if not path:
        raise Fault(f"consistency {old}/{new}: no path")
    first = second = path[0]
    for value in path[1:]:
        if last == 0:
            raise Fault(f"consistency {old}/{new}: path too long")
        if position % 2 == 1 or position == last:
            first, second = node_hash(value, first), node_hash(value, second)
            while position % 2 == 0 and position != 0:
                position, last = position // 2, last // 2
        else:
            second = node_hash(second, value)
        position, last = position // 2, last // 2
    if last != 0 or first != old_root or second != new_root:
        raise Fault(f"consistency {old}/{new}: wrong root")


def verify_checkpoint(note, key_text):
    """Signed note and checkpoint; returns size and root."""
    name, key_id, material = key_text.strip().split("+", 2)
    key = unbase64(material)
    expected = sha256(name.encode(), b"\n", key)[:4]
    if key[0] != 1 or len(key) != 33 or expected.hex() != key_id:
        raise Fault("verifier key is malformed")
    text, _, signatures = note.rpartition("\n\n")
    text += "\n"
    if not signatures.endswith("\n"):
        raise Fault("checkpoint does not end with a line")
    for line in signatures[:-1].split("\n"):
        dash, signer, encoded = line.split(" ")
        payload = unbase64(encoded)
        if dash == "\u2014" and signer == name and payload[:4] == expected:
            try:
                Ed25519PublicKey.from_public_bytes(key[1:]).verify(payload[4:], text.encode())
            except InvalidSignature as error:
                raise Fault("checkpoint signature is wrong") from error
            break
    else:
        raise Fault("checkpoint is not signed by the ledger's key")
    origin, size, root = text.splitlines()[:3]
    if origin != name:
        raise Fault("checkpoint is of another ledger")
    return int(size), unbase64(root)


class Replay:
    """Checks records against those before them and counts mailboxes."""

    def __init__(self, header_class):
        self.header_class = header_class
        self.sets, self.releases, self.heads, self.ids = {}, {}, {}, set()
        self.numbers = {}
        self.messages = 0

    def take(self, index, record):
        kind = record.WhichOneof("event")
        if kind is None:
            raise Fault(f"entry {index}: no event")
        if kind == "recipient_set":
            self.sets[index] = [r.node for r in record.recipient_set.recipients]
        elif kind in ("registry_release", "policy_release"):
            self.releases[index] = kind
        elif kind == "accepted":
            self.accept(index, record.accepted)
        elif kind == "delivered":
            if record.delivered.through > self.heads.get(record.delivered.node, 0):
                raise Fault(f"entry {index}: delivered past the mailbox")
        elif kind == "withheld":
            place = self.numbers.get((record.withheld.node, record.withheld.number))
            if place != record.withheld.message:
                raise Fault(f"entry {index}: withheld number is wrong")

    def accept(self, index, accepted):
        header = self.header_class.FromString(accepted.header)
        if header.message_id in self.ids:
            raise Fault(f"entry {index}: message id twice")
        self.ids.add(header.message_id)
        if accepted.eligible not in self.sets or accepted.audience not in self.sets:
            raise Fault(f"entry {index}: unknown recipient set")
        if not set(self.sets[accepted.audience]) <= set(self.sets[accepted.eligible]):
            raise Fault(f"entry {index}: audience is not within the eligible")
        if (self.releases.get(accepted.registry) != "registry_release"
                or self.releases.get(accepted.policy) != "policy_release"):
            raise Fault(f"entry {index}: unknown release")
        self.messages += 1
        for node in set(self.sets[accepted.audience]):
            self.heads[node] = self.heads.get(node, 0) + 1
            self.numbers[node, self.heads[node]] = index


def once_each(pairs):
    """An object whose keys stand once each: of two values a reader might show either."""
    if len(dict(pairs)) != len(pairs):
        raise Fault("a key stands twice")
    return dict(pairs)


def read_export(path, size, record_class, replay):
    """Verifies every line, which must be as many as were signed; returns the leaf hashes."""
    hashes = []
    with open(path, encoding="utf-8", newline="\n") as lines:
        for number, line in enumerate(lines):
            if number == size:
                raise Fault(f"line {number} and those after it are not covered by the checkpoint")
            entry = json.loads(line, object_pairs_hook=once_each)
            if type(entry.get("index")) is not int or entry["index"] != number:
                raise Fault(f"line {number}: index {entry.get('index')}")
            if list(entry) == ["index", "leaf"]:
                raise Fault(f"entry {number}: the opening is missing and no erasure is on record")
            if list(entry) != KEYS:
                raise Fault(f"line {number}: other keys")
            leaf = unbase64(entry["leaf"])
            hashes.append(leaf_hash(leaf))
            salt = unbase64(entry["salt"])
            data = unbase64(entry["record"])
            if len(salt) != 32 or leaf != b"\x01" + sha256(b"wici/v1/leaf\x00", salt, data):
                raise Fault(f"entry {number}: leaf does not match its opening")
            record = record_class.FromString(data)
            if json_format.MessageToDict(record) != entry["json"]:
                raise Fault(f"entry {number}: JSON is not the record")
            replay.take(number, record)
    if len(hashes) < size:
        raise Fault(f"{len(hashes)} entries, but {size} were signed")
    return hashes


def verify_proofs(path, hashes):
    """Verifies the proofs of a file against roots computed here; returns their number."""
    with open(path, encoding="utf-8") as file:
        proofs = json.load(file)

    def decoded(proof):
        return [unbase64(value) for value in proof["path"]]

    for proof in proofs["inclusion"]:
        index, size = proof["index"], proof["size"]
        verify_inclusion(hashes[index], index, size, decoded(proof), tree_hash(hashes[:size]))
    for proof in proofs["consistency"]:
        old, new = proof["old"], proof["new"]
        verify_consistency(
            old, new, decoded(proof), tree_hash(hashes[:old]), tree_hash(hashes[:new]))
    return len(proofs["inclusion"]) + len(proofs["consistency"])


def verify(messages, export, checkpoint, key, proofs=None, earlier=()):
    """The summary of an export in which everything verifies; raises one of FAULTS otherwise."""
    def head(path):
        return verify_checkpoint(pathlib.Path(path).read_text(encoding="utf-8"), key)

    record_class, header_class = messages
    size, root = head(checkpoint)
    replay = Replay(header_class)
    hashes = read_export(export, size, record_class, replay)
    for signed, expected in [(size, root), *map(head, earlier)]:
        if signed > size:
            raise Fault(f"a checkpoint of {signed} entries is not earlier than one of {size}")
        if tree_hash(hashes[:signed]) != expected:
            raise Fault(f"root over {signed} entries differs from the checkpoint's")
    count = verify_proofs(proofs, hashes) if proofs else 0
    return {"sound": True, "entries": len(hashes), "messages": replay.messages, "signed": size,
            "proofs": count}


def main(arguments):
    parser = argparse.ArgumentParser(usage=__doc__)
    for name in ("export", "checkpoint", "key"):
        parser.add_argument(name)
    parser.add_argument("proofs", nargs="?")
    parser.add_argument("--earlier", action="append", default=[])
    given = parser.parse_args(arguments)
    try:
        print(json.dumps(verify(load_messages(), **vars(given))))
    except OSError as error:
        # No verdict: a file that cannot be read, or no protoc.
        print(f"verify.py: {error.filename}: {error.strerror}", file=sys.stderr)
        return 1
    except FAULTS as fault:
        print(json.dumps({"sound": False, "fault": str(fault)}))
        return 8
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
