# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""Checks the golden vectors in Schemas/vectors, and with --made also what another implementation
just made (JSON on standard input), by the formats of formats.py. Ends with status 1 at the first
fault."""

import json
import pathlib
import sys

from formats import *  # noqa: F403

VECTORS = pathlib.Path(__file__).resolve().parents[3] / "Schemas" / "vectors"
checks = 0


def equal(left, right, what):
    global checks
    checks += 1
    demand(left == right, what)


def refused(action, what):
    global checks
    checks += 1
    try:
        action()
    except (Refused, ValueError, KeyError, IndexError):
        return
    raise Refused(f"accepted: {what}")


def load(name):
    return json.loads((VECTORS / name).read_text(encoding="utf-8"))


def check_notes():
    vectors = load("notes.json")
    for item in vectors["signers"]:
        key = public_key(bytes.fromhex(item["seed"]))
        equal(verifier_key(item["name"], 1, key), item["verifier_key"], "verifier key")
    for item in vectors["accepted"]:
        _, names = open_note(item["note"].encode(), item["keys"])
        equal(names, item["signed_by"], "signers of a note")
    for item in vectors["refused"]:
        refused(lambda: open_note(item["note"].encode(), item["keys"]), item["why"])


def check_tree():
    vectors = load("tree.json")
    leaves = [bytes.fromhex(leaf) for leaf in vectors["leaves"]]
    roots = [bytes.fromhex(root) for root in vectors["roots"]]
    for size, root in enumerate(roots):
        equal(tree_root(leaves[:size]), root, "root")
    for item in vectors["inclusion"]:
        path = [bytes.fromhex(p) for p in item["path"]]
        leaf = leaf_hash(leaves[item["index"]])
        root = root_from_path(leaf, item["index"], item["size"], path)
        equal(root, roots[item["size"]], "inclusion")
    for item in vectors["consistency"]:
        old, new = item["old"], item["new"]
        path = [bytes.fromhex(p) for p in item["path"]]
        check_consistency(old, new, roots[old], roots[new], path)
        if path:
            refused(
                lambda: check_consistency(old, new, roots[old], roots[new], path[:-1]),
                "short consistency path",
            )


def check_proof_file(text, leaf, keys):
    """The index; refuses a file whose path does not lead to its checkpoint."""
    head, note = text.split("\n\n", 1)
    lines = head.split("\n")
    demand(lines.pop(0) == "c2sp.org/tlog-proof@v1", "first line")
    extra = unb64(lines.pop(0)[6:]) if lines[0].startswith("extra ") else None
    demand(lines[0].startswith("index "), "index line")
    index = int(lines.pop(0)[6:])
    body, _ = open_note(note.encode(), keys)
    _, size, root = parse_checkpoint(body)
    equal(root_from_path(leaf, index, size, [unb64(p) for p in lines]), root, "proof file")
    return index, extra


def check_checkpoint():
    vectors, tree = load("checkpoint.json"), load("tree.json")
    keys = [vectors["ledger"]["verifier_key"], vectors["witness"]["verifier_key"]]
    equal(
        parse_checkpoint(vectors["text"]),
        (vectors["origin"], vectors["size"], bytes.fromhex(vectors["root"])),
        "checkpoint",
    )
    equal(vectors["root"], tree["roots"][-1], "root of the checkpoint")
    body, names = open_note(vectors["signed"].encode(), keys[:1])
    equal((body, len(names)), (vectors["text"], 1), "signed checkpoint")
    equal(len(open_note(vectors["cosigned"].encode(), keys)[1]), 2, "cosigned checkpoint")
    proof = vectors["proof"]
    leaf = bytes.fromhex(tree["leaf_hashes"][proof["index"]])
    equal(
        check_proof_file(proof["file"], leaf, keys),
        (proof["index"], bytes.fromhex(proof["extra"])),
        "proof file",
    )


def check_envelope():
    vectors = {k: v for k, v in load("envelope.json").items()}
    key, digest = bytes.fromhex(vectors["public_key"]), bytes.fromhex(vectors["digest"])
    header, body = bytes.fromhex(vectors["header"]), bytes.fromhex(vectors["body"])
    equal(header_digest(header).hex(), vectors["header_digest"], "header digest")
    equal(envelope_digest(header, body, tree_root([])), digest, "envelope digest")
    for text in (vectors["alone"], vectors["batch"]["envelope"]):
        data = bytes.fromhex(text)
        equal(verify_envelope(data, key), digest, "envelope")
        for place in range(0, len(data), 7):
            altered = bytearray(data)
            altered[place] ^= 1
            refused(lambda: verify_envelope(bytes(altered), key), f"altered byte {place}")
    digests = [bytes.fromhex(d) for d in vectors["batch"]["digests"]]
    for index, text in enumerate(vectors["batch"]["signatures"]):
        signature = bytes.fromhex(text)
        equal(one(signature, 2, 0), index, "index in the batch")
        root = root_from_path(leaf_hash(digests[index]), index, 5, many(signature, 4))
        equal(root.hex(), vectors["batch"]["root"], "root of the batch")
        equal(verifies(key, one(signature, 1), batch_statement(5, root)), True, "signature")


def check_seal():
    vectors = load("seal.json")
    key = bytes.fromhex(vectors["public_key"])
    content_key = bytes.fromhex(vectors["content_key"])
    equal(commitment(content_key).hex(), vectors["key_commitment"], "commitment")
    equal(hkdf(content_key, "wici/v1/seal/body").hex(), vectors["body_key"], "body key")
    submitted, delivered = (bytes.fromhex(vectors[k]) for k in ("submitted", "delivered"))
    for data in (submitted, delivered):
        equal(verify_envelope(data, key).hex(), vectors["digest"], "digest of the sealed")
    for item in vectors["recipients"]:
        private = bytes.fromhex(item["private_key"])
        equal(x25519_public(private).hex(), item["public_key"], "sealing key")
        opened = open_seal(submitted, item["node"], private)
        equal(opened.hex(), vectors["content"], "opened content")
    own = vectors["recipients"][1]
    opened = open_seal(delivered, own["node"], bytes.fromhex(own["private_key"]))
    equal(opened.hex(), vectors["content"], "delivered content")
    for item in vectors["padding"]:
        equal(padding_count(item["content"]), item["zeros"], "padding")


def check_leaf():
    vectors = load("ledger-leaf.json")
    leaf = ledger_leaf(bytes.fromhex(vectors["salt"]), bytes.fromhex(vectors["record"]))
    equal(leaf.hex(), vectors["leaf"], "ledger leaf")
    equal(leaf_hash(leaf).hex(), vectors["leaf_hash"], "hash of the ledger leaf")


def check_rfc():
    vectors = load("rfc.json")
    for item in vectors["rfc8032"]:
        seed, message = bytes.fromhex(item["seed"]), bytes.fromhex(item["message"])
        equal(public_key(seed).hex(), item["public_key"], "RFC 8032 key")
        equal(sign(seed, message).hex(), item["signature"], "RFC 8032 signature")
    for item in vectors["rfc9180"]:
        v = {k: bytes.fromhex(text) for k, text in item.items()}
        sealed = hpke_seal(
            v["ephemeral_private_key"], v["public_key"], v["info"], v["aad"], v["plaintext"]
        )
        equal(sealed, (v["encapsulated_key"], v["ciphertext"]), "RFC 9180 seal")
        opened = hpke_open(
            v["private_key"], v["encapsulated_key"], v["info"], v["aad"], v["ciphertext"]
        )
        equal(opened, v["plaintext"], "RFC 9180 open")


def check_made(made):
    """What another implementation made a moment ago."""
    for item in made["notes"]:
        _, names = open_note(item["note"].encode(), item["keys"])
        equal(names, item["signed_by"], "made note")
    for item in made["envelopes"]:
        data = bytes.fromhex(item["envelope"])
        digest = verify_envelope(data, bytes.fromhex(item["public_key"]))
        equal(digest.hex(), item["digest"], "made envelope")
        if "node" in item:
            opened = open_seal(data, item["node"], bytes.fromhex(item["private_key"]))
            equal(opened.hex(), item["content"], "made seal")
    for item in made["trees"]:
        leaves = [bytes.fromhex(leaf) for leaf in item["leaves"]]
        root = bytes.fromhex(item["root"])
        equal(tree_root(leaves), root, "made root")
        path = [bytes.fromhex(p) for p in item["inclusion"]]
        equal(inclusion_path(item["index"], leaves), path, "made inclusion path")
        path = [bytes.fromhex(p) for p in item["consistency"]]
        old = tree_root(leaves[: item["old"]])
        check_consistency(item["old"], len(leaves), old, root, path)
    for item in made["proofs"]:
        check_proof_file(item["file"], leaf_hash(bytes.fromhex(item["leaf"])), item["keys"])


def main():
    check_notes()
    check_tree()
    check_checkpoint()
    check_envelope()
    check_seal()
    check_leaf()
    check_rfc()
    if "--made" in sys.argv[1:]:
        made = json.load(sys.stdin)
        demand(made["envelopes"] and made["notes"] and made["trees"], "nothing made")
        check_made(made)
    print(f"{checks} checks passed")


if __name__ == "__main__":
    try:
        main()
    except Refused as fault:
        sys.exit(f"refused: {fault}")
