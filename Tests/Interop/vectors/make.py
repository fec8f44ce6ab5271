# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""Writes the golden vectors in Schemas/vectors from fixed keys. Run it only when a format changes,
which needs a new protocol version; `check.py` and the Swift tests then have to agree with it."""

import json
import pathlib

from formats import *  # noqa: F403

TARGET = pathlib.Path(__file__).resolve().parents[3] / "Schemas" / "vectors"


def write(name, note, **content):
    text = json.dumps({"note": note, **content}, indent=2, ensure_ascii=False)
    (TARGET / name).write_text(text + "\n", encoding="utf-8")


def seed(byte):
    return bytes([byte]) * 32


def signer(name, byte):
    key = public_key(seed(byte))
    return {
        "name": name,
        "seed": seed(byte).hex(),
        "verifier_key": verifier_key(name, 1, key),
        "signer_key": f"PRIVATE+KEY+{name}+{note_key_id(name, 1, key).hex()}+"
        + b64(b"\1" + seed(byte)),
    }


def notes():
    authority = [signer("wici.example/authority-1", 1), signer("wici.example/authority-2", 2)]
    signers = [(s["name"], bytes.fromhex(s["seed"])) for s in authority]
    keys = [s["verifier_key"] for s in authority]
    text = "release: 1\n\nsays: zażółć gęślą jaźń\n"
    foreign = (
        "This is an example message.\n\n\u2014 example.com/foo Uw2QOkn8srV1yJGh2VYRlL1Tnagv1YEq6T"
        "fXppzi2ONncAlTgK7Ztg1ERYNZXsYjOBH3mFXmRKuwHjG1Yu72IneyaQM=\n"
    )
    other = "example.com/foo+530d903a+AekyeRrm56hApGFkyQR4ZCbV54Id2LKaANYcrnKv3U2k"
    good = signed_note(text, signers)
    bad_second = signed_note(text, signers[:1]) + signed_note("x\n", signers[1:])[3:]
    write(
        "notes.json",
        "C2SP signed-note v1.0.0. A note in `accepted` verifies under the keys; `signed_by` names "
        "them in order. A note in `refused` is refused.",
        signers=authority,
        accepted=[
            {"note": foreign, "keys": [other], "signed_by": ["example.com/foo"]},
            {"note": good, "keys": keys, "signed_by": [s[0] for s in signers]},
            {"note": good, "keys": keys[1:], "signed_by": [signers[1][0]]},
            {"note": bad_second, "keys": keys[:1], "signed_by": [signers[0][0]]},
        ],
        refused=[
            {"why": "no known signature", "note": good, "keys": [other]},
            {"why": "bad signature by a known key", "note": bad_second, "keys": keys},
            {"why": "text altered", "note": good.replace("1", "2", 1), "keys": keys},
            {"why": "no empty line", "note": good.replace("\n\n", "\n"), "keys": keys},
            {"why": "carriage return", "note": good.replace("\n", "\r\n"), "keys": keys},
            {"why": "no final newline", "note": good[:-1], "keys": keys},
            {"why": "two spaces", "note": good.replace("\u2014 ", "\u2014  "), "keys": keys},
            {"why": "hyphen for em dash", "note": good.replace("\u2014", "-"), "keys": keys},
            {"why": "line feed after", "note": good + "\n", "keys": keys},
        ],
    )


LEAVES = [
    "",
    "00",
    "10",
    "2021",
    "3031",
    "40414243",
    "5051525354555657",
    "606162636465666768696a6b6c6d6e6f",
]


def tree():
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    write(
        "tree.json",
        "RFC 6962 section 2.1 over the leaves, hexadecimal. `roots[n]` is the root of the first n.",
        leaves=LEAVES,
        leaf_hashes=[leaf_hash(leaf).hex() for leaf in leaves],
        roots=[tree_root(leaves[:n]).hex() for n in range(len(leaves) + 1)],
        inclusion=[
            {"index": i, "size": n, "path": [p.hex() for p in inclusion_path(i, leaves[:n])]}
            for n in range(1, len(leaves) + 1)
            for i in range(n)
        ],
        consistency=[
            {"old": m, "new": n, "path": [p.hex() for p in consistency_path(m, leaves[:n])]}
            for n in range(len(leaves) + 1)
            for m in range(n + 1)
        ],
    )


def checkpoint():
    leaves = [bytes.fromhex(leaf) for leaf in LEAVES]
    ledger, origin, time = signer("wici.example/ledger", 3), "wici.example/ledger", 1774300000
    text = checkpoint_text(origin, len(leaves), tree_root(leaves))
    note = signed_note(text, [(origin, seed(3))])
    cosigned = note + cosignature_line("wici.example/witness", seed(4), time, text)
    write(
        "checkpoint.json",
        "C2SP tlog-checkpoint, tlog-cosignature v1 and tlog-proof over the tree of tree.json.",
        ledger=ledger,
        witness={
            "name": "wici.example/witness",
            "seed": seed(4).hex(),
            "verifier_key": verifier_key("wici.example/witness", 4, public_key(seed(4))),
            "time": time,
        },
        origin=origin,
        size=len(leaves),
        root=tree_root(leaves).hex(),
        text=text,
        signed=note,
        cosigned=cosigned,
        proof={
            "index": 5,
            "extra": "6f70656e696e67",
            "file": proof_file(5, inclusion_path(5, leaves), cosigned, b"opening"),
        },
    )


MESSAGE_ID = bytes.fromhex("019d1c97bf007abc8def0123456789ab")


def header(tlp, seal_info=b""):
    return b"".join(
        [
            field(1, MESSAGE_ID),
            field(2, "case-alert"),
            field(3, 1),
            field(4, "kwp-lublin.main"),
            field(6, 1774300000000),
            field(7, "exercise"),
            field(8, tlp),
            field(10, "detection"),
            field(11, "led"),
            field(12, "none"),
            field(14, "2026-06-22"),
            field(15, "UR-2"),
            field(17, field(1, "PL-06") + field(2, "IK-POL")),
            field(20, MESSAGE_ID[::-1]),
            field(21, "pl"),
            field(22, seal_info),
        ]
    )


def plain():
    labels, body = header("TLP:GREEN"), b"a body, opaque here"
    digest = envelope_digest(labels, body, tree_root([]))
    digests = [tagged("example", bytes([n])) for n in range(5)]
    digests[3] = digest
    signatures = sign_batch(seed(5), digests)
    alone = sign_batch(seed(5), [digest])[0]
    write(
        "envelope.json",
        "A plain envelope, alone and as the fourth of a batch of five. Hexadecimal.",
        seed=seed(5).hex(),
        public_key=public_key(seed(5)).hex(),
        header=labels.hex(),
        body=body.hex(),
        header_digest=header_digest(labels).hex(),
        body_digest=tagged("wici/v1/body", body).hex(),
        wraps_root=tree_root([]).hex(),
        digest=digest.hex(),
        alone=envelope(labels, body, alone).hex(),
        batch={
            "digests": [d.hex() for d in digests],
            "root": tree_root(digests).hex(),
            "statement": batch_statement(5, tree_root(digests)).hex(),
            "signatures": [s.hex() for s in signatures],
            "envelope": envelope(labels, body, signatures[3]).hex(),
        },
    )


def seals():
    content_key = bytes(range(32))
    info = field(1, 1) + field(2, commitment(content_key))
    labels = header("TLP:AMBER+STRICT", info)
    body = "treść zapieczętowana".encode()
    content = sealed_content("kwp-lublin.main", MESSAGE_ID, body)
    ciphertext = seal_body(content_key, labels, content)
    recipients, wraps = [], []
    for number, node in enumerate(["kwp-lublin.main", "la-strada.main", "wup-lublin.main"]):
        private, ephemeral = seed(0x11 + number), seed(0x21 + number)
        public = x25519_public(private)
        wraps.append(wrap(ephemeral, node, public, labels, content_key))
        recipients.append(
            {
                "node": node,
                "private_key": private.hex(),
                "public_key": public.hex(),
                "key_id": key_id(public).hex(),
                "ephemeral_private_key": ephemeral.hex(),
                "wrap": wraps[-1].hex(),
            }
        )
    digest = envelope_digest(labels, ciphertext, tree_root(wraps))
    signature = sign_batch(seed(5), [digest])[0]
    proof = field(1, 1) + field(2, least_size(1, len(wraps)))
    proof += b"".join(field(3, p) for p in inclusion_path(1, wraps))
    write(
        "seal.json",
        "A sealed envelope with a fixed content key and fixed HPKE ephemeral keys. Hexadecimal. "
        "`delivered` is what the hub hands to recipients[1].",
        seed=seed(5).hex(),
        public_key=public_key(seed(5)).hex(),
        content_key=content_key.hex(),
        key_commitment=commitment(content_key).hex(),
        body_key=hkdf(content_key, "wici/v1/seal/body").hex(),
        header=labels.hex(),
        content=body.hex(),
        padded_content_digest=sha256(content).hex(),
        body=ciphertext.hex(),
        recipients=recipients,
        wraps_root=tree_root(wraps).hex(),
        digest=digest.hex(),
        submitted=envelope(labels, ciphertext, signature, wraps).hex(),
        delivered=envelope(labels, ciphertext, signature, wraps[1:2], proof).hex(),
        padding=[
            {"content": count, "zeros": padding_count(count)}
            for count in (60, 1021, 1022, 1023, 1024, 894, 893, 4000, 16384, 49149, 65536, 262000)
        ],
    )


def leaf():
    salt, record = seed(6), b"a record, opaque here"
    write(
        "ledger-leaf.json",
        "The leaf of a ledger entry and its hash in the tree. Hexadecimal.",
        salt=salt.hex(),
        record=record.hex(),
        leaf=ledger_leaf(salt, record).hex(),
        leaf_hash=leaf_hash(ledger_leaf(salt, record)).hex(),
    )


if __name__ == "__main__":
    TARGET.mkdir(exist_ok=True)
    notes()
    tree()
    checkpoint()
    plain()
    seals()
    leaf()
