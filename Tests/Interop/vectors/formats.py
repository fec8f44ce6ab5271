# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""The trust formats of Wici, written from the specifications alone: C2SP signed-note,
tlog-checkpoint, tlog-cosignature and tlog-proof; RFC 6962 and RFC 9162 trees; RFC 9180 (HPKE) and
Schemas/PROTOCOL.md for envelopes and seals. Shares nothing with the Swift library, so that the two
check one another. Needs Python 3.11 and the package `cryptography`."""

import base64
import hashlib
import hmac

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import (
    Ed25519PrivateKey,
    Ed25519PublicKey,
)
from cryptography.hazmat.primitives.asymmetric.x25519 import (
    X25519PrivateKey,
    X25519PublicKey,
)
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


class Refused(Exception):
    """The bytes are not what they claim to be."""


def demand(condition, reason):
    if not condition:
        raise Refused(reason)


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def tagged(domain, *parts):
    return sha256(domain.encode() + b"\0", *parts)


def b64(data):
    return base64.b64encode(data).decode()


def unb64(text):
    data = base64.b64decode(text, validate=True)
    demand(b64(data) == text, "base64 is not canonical")
    return data


# Ed25519


def public_key(seed):
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed, message):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def verifies(key, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


# Signed notes


def note_key_id(name, kind, key):
    return sha256(name.encode(), b"\n", bytes([kind]), key)[:4]


def verifier_key(name, kind, key):
    return f"{name}+{note_key_id(name, kind, key).hex()}+{b64(bytes([kind]) + key)}"


def parse_verifier_key(text):
    name, key_id, material = text.split("+", 2)
    material = unb64(material)
    kind, key = material[0], material[1:]
    demand(kind in (1, 4) and len(key) == 32, "key of another type")
    demand(note_key_id(name, kind, key).hex() == key_id, "key id differs")
    return name, kind, key


def signature_line(name, key_id, payload):
    return f"\u2014 {name} {b64(key_id + payload)}\n"


def signed_note(text, signers):
    lines = [
        signature_line(name, note_key_id(name, 1, public_key(seed)), sign(seed, text.encode()))
        for name, seed in signers
    ]
    return text + "\n" + "".join(lines)


def cosigned_message(time, text):
    return f"cosignature/v1\ntime {time}\n{text}".encode()


def cosignature_line(name, seed, time, text):
    payload = time.to_bytes(8, "big") + sign(seed, cosigned_message(time, text))
    return signature_line(name, note_key_id(name, 4, public_key(seed)), payload)


def open_note(data, verifier_keys):
    """Text and names of the known keys that signed."""
    text = data.decode("utf-8")
    demand(all(c == "\n" or ord(c) >= 0x20 for c in text), "control character")
    demand("\n\n" in text and text.endswith("\n"), "no signatures")
    split = text.rindex("\n\n")
    body, lines = text[: split + 1], text[split + 2 :]
    demand(lines, "no signature lines")
    known = {}
    for key_text in verifier_keys:
        name, kind, key = parse_verifier_key(key_text)
        known[name, note_key_id(name, kind, key)] = kind, key
    verified = []
    for line in lines[:-1].split("\n"):
        parts = line.split(" ")
        demand(len(parts) == 3 and parts[0] == "\u2014" and parts[1], "malformed line")
        demand("+" not in parts[1] and not any(c.isspace() for c in parts[1]), "key name")
        payload = unb64(parts[2])
        demand(len(payload) > 4, "no signature")
        if (parts[1], payload[:4]) not in known:
            continue
        kind, key = known[parts[1], payload[:4]]
        rest = payload[4:]
        if kind == 1:
            good = len(rest) == 64 and verifies(key, rest, body.encode())
        else:
            time = int.from_bytes(rest[:8], "big")
            good = len(rest) == 72 and verifies(key, rest[8:], cosigned_message(time, body))
        demand(good, "bad signature by a known key")
        verified.append(parts[1])
    demand(verified, "no known signature")
    return body, verified


def checkpoint_text(origin, size, root):
    return f"{origin}\n{size}\n{b64(root)}\n"


def parse_checkpoint(text):
    demand(text.endswith("\n"), "no final newline")
    lines = text[:-1].split("\n")
    demand(len(lines) >= 3 and all(lines), "too few lines")
    demand(lines[1].isascii() and lines[1].isdigit(), "size")
    demand(str(int(lines[1])) == lines[1] and int(lines[1]) < 2**63, "size")
    root = unb64(lines[2])
    demand(len(root) == 32, "root")
    return lines[0], int(lines[1]), root


# Trees


def leaf_hash(data):
    return sha256(b"\0", data)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def split_point(count):
    return 1 << (count - 1).bit_length() - 1


def tree_root(leaves):
    if not leaves:
        return sha256()
    if len(leaves) == 1:
        return leaf_hash(leaves[0])
    k = split_point(len(leaves))
    return node_hash(tree_root(leaves[:k]), tree_root(leaves[k:]))


def inclusion_path(index, leaves):
    if len(leaves) == 1:
        return []
    k = split_point(len(leaves))
    if index < k:
        return inclusion_path(index, leaves[:k]) + [tree_root(leaves[k:])]
    return inclusion_path(index - k, leaves[k:]) + [tree_root(leaves[:k])]


def consistency_path(old, leaves, known=True):
    if old == 0:
        return []
    if old == len(leaves):
        return [] if known else [tree_root(leaves)]
    k = split_point(len(leaves))
    if old <= k:
        return consistency_path(old, leaves[:k], known) + [tree_root(leaves[k:])]
    return consistency_path(old - k, leaves[k:], False) + [tree_root(leaves[:k])]


def root_from_path(leaf, index, size, path):
    """RFC 9162 section 2.1.3.2."""
    demand(index < size, "index")
    fn, sn, r = index, size - 1, leaf
    for p in path:
        demand(sn != 0, "path too long")
        if fn & 1 or fn == sn:
            r = node_hash(p, r)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            r = node_hash(r, p)
        fn, sn = fn >> 1, sn >> 1
    demand(sn == 0, "path too short")
    return r


def check_consistency(old, new, old_root, new_root, path):
    """RFC 9162 section 2.1.4.2."""
    if old == new:
        demand(not path and old_root == new_root, "equal sizes")
        return
    if old == 0:
        demand(not path and old_root == sha256(), "empty tree")
        return
    path = list(path) if old & (old - 1) else [old_root, *path]
    demand(path, "empty path")
    fn, sn = old - 1, new - 1
    while fn & 1:
        fn, sn = fn >> 1, sn >> 1
    fr = sr = path[0]
    for c in path[1:]:
        demand(sn != 0, "path too long")
        if fn & 1 or fn == sn:
            fr, sr = node_hash(c, fr), node_hash(c, sr)
            while fn and not fn & 1:
                fn, sn = fn >> 1, sn >> 1
        else:
            sr = node_hash(sr, c)
        fn, sn = fn >> 1, sn >> 1
    demand(sn == 0 and fr == old_root and sr == new_root, "roots differ")


def proof_file(index, path, note, extra=None):
    lines = ["c2sp.org/tlog-proof@v1"]
    if extra is not None:
        lines.append("extra " + b64(extra))
    lines.append(f"index {index}")
    lines += [b64(p) for p in path]
    return "\n".join(lines) + "\n\n" + note


def ledger_leaf(salt, record):
    return b"\1" + tagged("wici/v1/leaf", salt, record)


# Protobuf, as much as an envelope needs


def varint(value):
    out = bytearray()
    while value >= 0x80:
        out.append(value & 0x7F | 0x80)
        value >>= 7
    out.append(value)
    return bytes(out)


def field(number, value):
    """A number, bytes or text field; zero and empty are left out."""
    if isinstance(value, int):
        return varint(number << 3) + varint(value) if value else b""
    data = value.encode() if isinstance(value, str) else value
    return varint(number << 3 | 2) + varint(len(data)) + data if data else b""


def fields(data):
    """All fields of a message as (number, value)."""
    out, position = [], 0

    def number():
        nonlocal position
        value = shift = 0
        while True:
            demand(position < len(data), "truncated")
            byte = data[position]
            position += 1
            value |= (byte & 0x7F) << shift
            shift += 7
            if not byte & 0x80:
                return value

    while position < len(data):
        tag = number()
        if tag & 7 == 0:
            out.append((tag >> 3, number()))
        elif tag & 7 == 2:
            length = number()
            demand(position + length <= len(data), "truncated")
            out.append((tag >> 3, data[position : position + length]))
            position += length
        else:
            raise Refused("wire type")
    return out


def one(data, number, default=b""):
    values = [value for n, value in fields(data) if n == number]
    return values[-1] if values else default


def many(data, number):
    return [value for n, value in fields(data) if n == number]


# Envelopes


def header_digest(header):
    return tagged("wici/v1/header", header)


def envelope_digest(header, body, wraps_root):
    return tagged(
        "wici/v1/envelope", header_digest(header), tagged("wici/v1/body", body), wraps_root
    )


def batch_statement(size, root):
    return b"wici/v1/batch\0" + size.to_bytes(8, "big") + root


def batch_signature(signature, index, size, path):
    return (
        field(1, signature)
        + field(2, index)
        + field(3, size)
        + b"".join(field(4, p) for p in path)
    )


def sign_batch(seed, digests):
    statement = batch_statement(len(digests), tree_root(digests))
    signature = sign(seed, statement)
    return [
        batch_signature(signature, i, len(digests), inclusion_path(i, digests))
        for i in range(len(digests))
    ]


def envelope(header, body, signature, wraps=(), wrap_proof=b""):
    return (
        field(1, header)
        + field(2, body)
        + field(3, signature)
        + b"".join(field(4, w) for w in wraps)
        + field(5, wrap_proof)
    )


def least_size(index, size):
    """The least size of a tree in which an index has the path that it has in a tree of `size`."""
    height = (index ^ (size - 1)).bit_length()
    return size if height == 0 else (index >> height << height) + (1 << height - 1) + 1


def verify_envelope(data, key):
    """The digest of an envelope, submitted or delivered, whose batch signature verifies."""
    header, body, signature = one(data, 1), one(data, 2), one(data, 3)
    wraps, proof = many(data, 4), one(data, 5)
    if proof:
        demand(len(wraps) == 1, "one wrap")
        index, size = one(proof, 1, 0), one(proof, 2, 0)
        demand(index < size == least_size(index, size), "size of the wrap proof")
        root = root_from_path(leaf_hash(wraps[0]), index, size, many(proof, 3))
    else:
        root = tree_root(wraps)
    digest = envelope_digest(header, body, root)
    size = one(signature, 3, 0)
    batch_root = root_from_path(
        leaf_hash(digest), one(signature, 2, 0), size, many(signature, 4)
    )
    demand(verifies(key, one(signature, 1), batch_statement(size, batch_root)), "bad signature")
    return digest


# HKDF and HPKE base mode, suite X25519 + HKDF-SHA256 + ChaCha20-Poly1305


def extract(salt, material):
    return hmac.digest(salt or bytes(32), material, "sha256")


def expand(key, info, length):
    out, block, counter = b"", b"", 1
    while len(out) < length:
        block = hmac.digest(key, block + info + bytes([counter]), "sha256")
        out, counter = out + block, counter + 1
    return out[:length]


def hkdf(key, info, length=32):
    return expand(extract(b"", key), info.encode(), length)


KEM_SUITE = b"KEM" + (0x20).to_bytes(2, "big")
HPKE_SUITE = b"HPKE" + b"".join(n.to_bytes(2, "big") for n in (0x20, 0x01, 0x03))


def labeled_extract(suite, salt, label, material):
    return extract(salt, b"HPKE-v1" + suite + label + material)


def labeled_expand(suite, key, label, info, length):
    return expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def x25519(private, public):
    return X25519PrivateKey.from_private_bytes(private).exchange(
        X25519PublicKey.from_public_bytes(public)
    )


def x25519_public(private):
    return X25519PrivateKey.from_private_bytes(private).public_key().public_bytes_raw()


def hpke_key(shared, encapsulated, recipient_public, info):
    """Key and nonce of the first message."""
    prk = labeled_extract(KEM_SUITE, b"", b"eae_prk", shared)
    secret = labeled_expand(
        KEM_SUITE, prk, b"shared_secret", encapsulated + recipient_public, 32
    )
    context = (
        b"\0"
        + labeled_extract(HPKE_SUITE, b"", b"psk_id_hash", b"")
        + labeled_extract(HPKE_SUITE, b"", b"info_hash", info)
    )
    prk = labeled_extract(HPKE_SUITE, secret, b"secret", b"")
    return (
        labeled_expand(HPKE_SUITE, prk, b"key", context, 32),
        labeled_expand(HPKE_SUITE, prk, b"base_nonce", context, 12),
    )


def hpke_seal(ephemeral, recipient_public, info, aad, plaintext):
    encapsulated = x25519_public(ephemeral)
    key, nonce = hpke_key(
        x25519(ephemeral, recipient_public), encapsulated, recipient_public, info
    )
    return encapsulated, ChaCha20Poly1305(key).encrypt(nonce, plaintext, aad)


def hpke_open(private, encapsulated, info, aad, ciphertext):
    public = x25519_public(private)
    key, nonce = hpke_key(x25519(private, encapsulated), encapsulated, public, info)
    return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, aad)


# Seals

STEPS = [k * 1024 for k in (1, 4, 16, 64, 256)]


def key_id(public):
    return sha256(public)[:8]


def commitment(content_key):
    return hkdf(content_key, "wici/v1/seal/commitment")


def padding_count(count):
    for step in STEPS:
        missing = step - count
        if missing == 0:
            return 0
        for prefix in (1, 2, 3):
            zeros = missing - 1 - prefix
            if zeros >= 1 and len(varint(zeros)) == prefix:
                return zeros
    raise Refused("content too large")


def sealed_content(sender, message_id, body):
    content = field(1, sender) + field(2, message_id) + field(3, body)
    return content + field(4, bytes(padding_count(len(content))))


def seal_body(content_key, header, content):
    key = hkdf(content_key, "wici/v1/seal/body")
    return ChaCha20Poly1305(key).encrypt(bytes(12), content, header_digest(header))


def wrap_info(public):
    return b"wici/v1/seal/wrap\0" + (1).to_bytes(4, "big") + key_id(public)


def wrap(ephemeral, node, public, header, content_key):
    encapsulated, ciphertext = hpke_seal(
        ephemeral, public, wrap_info(public), header_digest(header) + node.encode(), content_key
    )
    return (
        field(1, node) + field(2, key_id(public)) + field(3, encapsulated) + field(4, ciphertext)
    )


def open_seal(data, node, private):
    """The body of a verified envelope."""
    header, body = one(data, 1), one(data, 2)
    own = [w for w in many(data, 4) if one(w, 1).decode() == node]
    demand(len(own) == 1, "no wrap")
    public = x25519_public(private)
    demand(one(own[0], 2) == key_id(public), "another key")
    content_key = hpke_open(
        private,
        one(own[0], 3),
        wrap_info(public),
        header_digest(header) + node.encode(),
        one(own[0], 4),
    )
    info = one(header, 22)
    demand(one(info, 1, 0) == 1, "suite")
    demand(one(info, 2) == commitment(content_key), "commitment")
    key = hkdf(content_key, "wici/v1/seal/body")
    content = ChaCha20Poly1305(key).decrypt(bytes(12), body, header_digest(header))
    demand(one(content, 1) == one(header, 4), "sender")
    demand(one(content, 2) == one(header, 1), "message id")
    demand(content == sealed_content(one(content, 1), one(content, 2), one(content, 3)), "form")
    return one(content, 3)
