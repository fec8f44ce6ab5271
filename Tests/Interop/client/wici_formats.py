# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""The bytes of the Wici protocol: protobuf classes, digests, trees, signed notes, envelopes, seals.

Written from Schemas/PROTOCOL.md; no sockets here. The protobuf classes are made when the program
starts, from Schemas/wici/v1/*.proto by protoc. Needs Python 3.11, protobuf and cryptography.
"""

import base64
import datetime
import functools
import hashlib
import hmac
import os
import pathlib
import subprocess
import tempfile
import time
import zoneinfo

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305
from google.protobuf import descriptor_pb2, descriptor_pool, json_format, message_factory
from google.protobuf.message import DecodeError

from hpke import Unopenable, hkdf, hpke_open, hpke_seal

SCHEMAS = pathlib.Path(__file__).resolve().parents[3] / "Schemas"
STEPS = [1024, 4096, 16384, 65536, 262144]
MARKINGS = ["TLP:CLEAR", "TLP:GREEN", "TLP:AMBER", "TLP:AMBER+STRICT", "TLP:RED"]
HEADER_LIMIT, BODY_LIMIT, SUITE = 8192, 262144, 1


class Refused(Exception):
    """What arrived is not what it claims to be. `name` is a name of Schemas/codes.json."""

    def __init__(self, name, detail=""):
        super().__init__(f"{name}: {detail}" if detail else name)
        self.name = name


def demand(condition, name, detail=""):
    if not condition:
        raise Refused(name, detail)


# ---- Days -------------------------------------------------------------------------------------

WARSAW = zoneinfo.ZoneInfo("Europe/Warsaw")


def day(milliseconds=None, later=0):
    """The network's day, YYYY-MM-DD, at a moment (default: now) or a number of days later."""
    seconds = time.time() if milliseconds is None else milliseconds / 1000
    date = datetime.datetime.fromtimestamp(seconds, WARSAW).date()
    return (date + datetime.timedelta(days=later)).isoformat()


# ---- Protobuf ---------------------------------------------------------------------------------


class Schema:
    """The message classes of the package wici.v1, by name, with the types' rules."""

    def __init__(self, folder=SCHEMAS):
        with tempfile.TemporaryDirectory() as work:
            out = os.path.join(work, "wici.pb")
            files = sorted(str(path) for path in pathlib.Path(folder, "wici/v1").glob("*.proto"))
            subprocess.run(
                ["protoc", "-I", str(folder), "--include_imports", f"--descriptor_set_out={out}"]
                + files,
                check=True,
            )
            data = pathlib.Path(out).read_bytes()
        pool = descriptor_pool.DescriptorPool()
        names = []
        for file in descriptor_pb2.FileDescriptorSet.FromString(data).file:
            pool.Add(file)
            if file.package == "wici.v1":
                names += [f"wici.v1.{message.name}" for message in file.message_type]
        self.classes = {}
        for name in names:
            found = pool.FindMessageTypeByName(name)
            self.classes[found.name] = message_factory.GetMessageClass(found)
        self._field_options = message_factory.GetMessageClass(
            pool.FindMessageTypeByName("google.protobuf.FieldOptions"))
        self._message_options = message_factory.GetMessageClass(
            pool.FindMessageTypeByName("google.protobuf.MessageOptions"))
        self._rules = pool.FindExtensionByName("wici.v1.rules")
        self._message_rules = pool.FindExtensionByName("wici.v1.message_rules")
        self.types = {}
        for message in self.classes.values():
            rules = self.message_rules(message.DESCRIPTOR)
            if rules is not None and rules.type:
                self.types[rules.type] = message

    def __getattr__(self, name):
        try:
            return self.__dict__["classes"][name]
        except KeyError:
            raise AttributeError(name) from None

    def _extension(self, options, read_as, extension):
        read = read_as.FromString(options.SerializeToString())
        return read.Extensions[extension] if read.HasExtension(extension) else None

    def message_rules(self, descriptor):
        return self._extension(descriptor.GetOptions(), self._message_options, self._message_rules)

    def rules(self, field):
        return self._extension(field.GetOptions(), self._field_options, self._rules)

    def version(self, type_name):
        return self.message_rules(self.types[type_name].DESCRIPTOR).version

    def topics(self, type_name, body):
        """Codes of the fields whose rules say `topic: true`, in field order without repeats."""
        codes = []
        for field in sorted(body.DESCRIPTOR.fields, key=lambda each: each.number):
            rules = self.rules(field)
            if rules is None or not rules.topic:
                continue
            value = getattr(body, field.name)
            for code in [value] if isinstance(value, str) else value:
                if code and code not in codes:
                    codes.append(code)
        return codes


@functools.cache
def schema():
    return Schema()


def decode(name, data, refusal):
    try:
        return getattr(schema(), name).FromString(data)
    except DecodeError as error:
        raise Refused(refusal, str(error)) from None


def mapping(message, proto_names=False):
    """A message in the protobuf JSON mapping."""
    return json_format.MessageToDict(message, preserving_proto_field_name=proto_names)


# ---- Digests and trees ------------------------------------------------------------------------


def sha256(*parts):
    return hashlib.sha256(b"".join(parts)).digest()


def tagged(domain, *parts):
    return sha256(domain.encode("ascii"), b"\0", *parts)


def leaf_hash(leaf):
    return sha256(b"\0", leaf)


def node_hash(left, right):
    return sha256(b"\1", left, right)


def _split(count):
    return 1 << ((count - 1).bit_length() - 1)


def tree_root(leaves):
    """RFC 6962 tree hash over leaves; SHA-256 of nothing for none."""
    return _root_of_hashes([leaf_hash(leaf) for leaf in leaves])


def _root_of_hashes(hashes):
    if not hashes:
        return sha256()
    if len(hashes) == 1:
        return hashes[0]
    k = _split(len(hashes))
    return node_hash(_root_of_hashes(hashes[:k]), _root_of_hashes(hashes[k:]))


def inclusion_path(leaves, index):
    """RFC 6962 2.1.1: the hashes from leaf to root."""
    hashes = [leaf_hash(leaf) for leaf in leaves]

    def path(part, place):
        if len(part) == 1:
            return []
        k = _split(len(part))
        if place < k:
            return path(part[:k], place) + [_root_of_hashes(part[k:])]
        return path(part[k:], place - k) + [_root_of_hashes(part[:k])]

    return path(hashes, index)


def root_from_path(leaf, index, size, path):
    """The root that an inclusion path leads to; None when path, index and size do not fit."""
    if not 0 <= index < size:
        return None
    value, fn, sn = leaf_hash(leaf), index, size - 1
    for step in path:
        if sn == 0 or len(step) != 32:
            return None
        if fn & 1 or fn == sn:
            value = node_hash(step, value)
            while fn and not fn & 1:
                fn >>= 1
                sn >>= 1
        else:
            value = node_hash(value, step)
        fn >>= 1
        sn >>= 1
    return value if sn == 0 else None


def least_size(index, size):
    """The least size of a tree in which an index has the path that it has in a tree of `size`."""
    if index == size - 1:
        return size
    height = (index ^ (size - 1)).bit_length()
    return (index >> height << height) + (1 << height - 1) + 1


# ---- Keys -------------------------------------------------------------------------------------


def signing_public(seed):
    return Ed25519PrivateKey.from_private_bytes(seed).public_key().public_bytes_raw()


def sign(seed, message):
    return Ed25519PrivateKey.from_private_bytes(seed).sign(message)


def verifies(public, signature, message):
    try:
        Ed25519PublicKey.from_public_bytes(public).verify(signature, message)
        return True
    except (InvalidSignature, ValueError):
        return False


def x25519_public(secret):
    return X25519PrivateKey.from_private_bytes(secret).public_key().public_bytes_raw()


def key_id(public):
    return sha256(public)[:8]


# ---- Signed notes -----------------------------------------------------------------------------


def _unbase64(text):
    try:
        data = base64.b64decode(text, validate=True)
    except ValueError:
        raise Refused("note-unreadable", "base64") from None
    demand(base64.b64encode(data).decode() == text, "note-unreadable", "base64 is not canonical")
    return data


def verifier_key(name, public):
    material = b"\1" + public
    return f"{name}+{sha256(name.encode(), bytes([10]), material)[:4].hex()}+" + (
        base64.b64encode(material).decode())


def parse_verifier_key(text):
    """Name, key id and Ed25519 public key of a C2SP verifier key."""
    name, identity, material = text.split("+", 2)
    material = _unbase64(material)
    demand(material[:1] == b"\1" and len(material) == 33, "note-unreadable", "key of another kind")
    expected = sha256(name.encode(), bytes([10]), material)[:4]
    demand(expected.hex() == identity, "note-unreadable", "key id")
    return name, expected, material[1:]


def make_note(text, signers):
    """A signed note; `signers` are pairs of name and Ed25519 seed."""
    lines = []
    for name, seed in signers:
        identity = parse_verifier_key(verifier_key(name, signing_public(seed)))[1]
        line = base64.b64encode(identity + sign(seed, text.encode())).decode()
        lines.append(f"\u2014 {name} {line}\n")
    return (text + "\n" + "".join(lines)).encode()


def open_note(data, verifier_keys, threshold=1):
    """The text of a note and the names of the known keys that signed it."""
    try:
        note = data.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("note-unreadable", "UTF-8") from None
    demand(all(c == "\n" or ord(c) >= 32 for c in note), "note-unreadable", "control character")
    place = note.rfind("\n\n")
    demand(place >= 0 and note.endswith("\n"), "note-unreadable", "no signatures")
    text, lines = note[: place + 1], note[place + 2:-1].split("\n")
    known = {(n, i): key for n, i, key in map(parse_verifier_key, verifier_keys)}
    signed_by = []
    for line in lines:
        parts = line.split(" ")
        demand(len(parts) == 3 and parts[0] == "\u2014" and parts[1] and "+" not in parts[1],
               "note-unreadable", "signature line")
        payload = _unbase64(parts[2])
        demand(len(payload) > 4, "note-unreadable", "short signature")
        key = known.get((parts[1], payload[:4]))
        if key is None or parts[1] in signed_by:
            continue
        demand(verifies(key, payload[4:], text.encode()), "note-signature-wrong", parts[1])
        signed_by.append(parts[1])
    demand(len(signed_by) >= threshold, "note-signatures-missing",
           f"{len(signed_by)} of {threshold}")
    return text, signed_by


def open_checkpoint(data, ledger_key, origin=None):
    """Size and root of a checkpoint signed by the hub's ledger key."""
    text, _ = open_note(data, [ledger_key])
    lines = text.split("\n")
    demand(len(lines) >= 4 and (origin is None or lines[0] == origin), "note-unreadable", "origin")
    demand(lines[1].isdigit() and str(int(lines[1])) == lines[1], "note-unreadable", "size")
    root = _unbase64(lines[2])
    demand(len(root) == 32, "note-unreadable", "root")
    return int(lines[1]), root


def ledger_leaf(salt, record):
    return b"\1" + tagged("wici/v1/leaf", salt, record)


# ---- Envelope digests and signature -----------------------------------------------------------


def header_digest(header):
    return tagged("wici/v1/header", header)


def body_digest(body):
    return tagged("wici/v1/body", body)


def wraps_root(envelope):
    """The root over the sender's wraps; from the wrap's proof where the hub sent one wrap."""
    wraps = [wrap.SerializeToString() for wrap in envelope.wraps]
    if not envelope.HasField("wrap_proof"):
        return tree_root(wraps)
    proof = envelope.wrap_proof
    demand(len(wraps) == 1, "wraps-malformed", "a proof needs one wrap")
    demand(proof.index < proof.size == least_size(proof.index, proof.size), "wraps-malformed",
           "size of the wrap proof")
    root = root_from_path(wraps[0], proof.index, proof.size, list(proof.path))
    demand(root is not None, "wraps-malformed", "wrap proof")
    return root


def envelope_digest(envelope):
    return tagged("wici/v1/envelope", header_digest(envelope.header), body_digest(envelope.body),
                  wraps_root(envelope))


def batch_statement(size, root):
    return b"wici/v1/batch\0" + size.to_bytes(8, "big") + root


def sign_batch(envelopes, seed):
    """Signs envelopes in place, all with one signature, and returns them serialized."""
    digests = [envelope_digest(envelope) for envelope in envelopes]
    signature = sign(seed, batch_statement(len(digests), tree_root(digests)))
    for index, envelope in enumerate(envelopes):
        envelope.signature.CopyFrom(schema().BatchSignature(
            signature=signature, index=index, size=len(digests),
            path=inclusion_path(digests, index)))
    return [envelope.SerializeToString() for envelope in envelopes]


def is_signed(envelope, public):
    batch = envelope.signature
    root = root_from_path(envelope_digest(envelope), batch.index, batch.size, list(batch.path))
    return (root is not None and len(batch.signature) == 64
            and verifies(public, batch.signature, batch_statement(batch.size, root)))


def check_signature(envelope, public):
    demand(is_signed(envelope, public), "bad-signature")


# ---- Sealing ----------------------------------------------------------------------------------


def wrap_info(suite, identity):
    return b"wici/v1/seal/wrap\0" + suite.to_bytes(4, "big") + identity


def key_commitment(content_key):
    return hkdf(content_key, b"wici/v1/seal/commitment")


def padded(content):
    """Serialized SealedContent of exactly one of the steps: the least that canonical protobuf can
    reach. Where the length prefix of `padding` jumps over a step, the next one is taken."""
    bare = content.SerializeToString()
    for step in STEPS:
        if len(bare) == step:
            return bare
        for prefix in (2, 3, 4):
            zeros = step - len(bare) - prefix
            if zeros <= 0:
                continue
            content.padding = bytes(zeros)
            data = content.SerializeToString()
            if len(data) == step:
                return data
            content.ClearField("padding")
    raise Refused("body-too-large")


def make_wrap(content_key, node, sealing_public, digest, ephemeral=None):
    identity = key_id(sealing_public)
    encapsulated, ciphertext = hpke_seal(
        sealing_public, wrap_info(SUITE, identity), digest + node.encode(), content_key, ephemeral)
    return schema().Wrap(recipient=node, key_id=identity, encapsulated_key=encapsulated,
                         ciphertext=ciphertext)


def seal(header, body, recipients, content_key=None, commitment=None, inner=None, inner_bytes=None,
         ephemerals=None):
    """An unsigned sealed envelope. `recipients` maps every eligible node and the sender's own to
    its sealing public key. The last four arguments exist for vectors and hostile messages."""
    content_key = content_key or os.urandom(32)
    header.seal.suite = header.seal.suite or SUITE
    header.seal.key_commitment = commitment or key_commitment(content_key)
    header_bytes = header.SerializeToString()
    digest = header_digest(header_bytes)
    content = inner or schema().SealedContent(
        sender=header.sender, message_id=header.message_id, body=body)
    plain = inner_bytes if inner_bytes is not None else padded(content)
    cipher = ChaCha20Poly1305(hkdf(content_key, b"wici/v1/seal/body"))
    envelope = schema().Envelope(
        header=header_bytes, body=cipher.encrypt(bytes(12), plain, digest))
    for node in sorted(recipients):
        ephemeral = ephemerals[node] if ephemerals else None
        envelope.wraps.append(make_wrap(content_key, node, recipients[node], digest, ephemeral))
    return envelope


def unseal(envelope, header, node, sealing_secrets):
    """Opens a delivered envelope; `sealing_secrets` are the node's current and earlier keys."""
    demand(header.seal.suite == SUITE, "suite-unknown")
    wraps = [wrap for wrap in envelope.wraps if wrap.recipient == node]
    demand(len(wraps) == 1, "wrap-missing")
    wrap = wraps[0]
    secret = next((s for s in sealing_secrets if key_id(x25519_public(s)) == wrap.key_id), None)
    demand(secret is not None, "seal-unopenable", "no key of this id")
    digest = header_digest(envelope.header)
    try:
        content_key = hpke_open(secret, wrap.encapsulated_key, wrap_info(SUITE, wrap.key_id),
                                digest + node.encode(), wrap.ciphertext)
    except Unopenable:
        raise Refused("seal-unopenable", "wrap") from None
    demand(len(content_key) == 32, "seal-unopenable", "content key")
    demand(hmac.compare_digest(key_commitment(content_key), header.seal.key_commitment),
           "key-commitment-wrong")
    try:
        cipher = ChaCha20Poly1305(hkdf(content_key, b"wici/v1/seal/body"))
        plain = cipher.decrypt(bytes(12), envelope.body, digest)
    except InvalidTag:
        raise Refused("seal-unopenable", "body") from None
    demand(len(plain) in STEPS, "seal-padding-wrong")
    content = decode("SealedContent", plain, "sealed-content-malformed")
    demand(not any(content.padding), "seal-padding-wrong")
    demand(content.sender == header.sender and content.message_id == header.message_id,
           "sealed-sender-mismatch")
    return content.body


def open_envelope(data, registry, node, sealing_secrets):
    """Checks a delivered envelope in full and opens it: envelope, header, body message."""
    envelope = decode("Envelope", data, "malformed-envelope")
    demand(len(envelope.header) <= HEADER_LIMIT, "header-too-large")
    demand(len(envelope.body) <= BODY_LIMIT + 16, "body-too-large")
    header = decode("Header", envelope.header, "malformed-header")
    sender = registry.nodes.get(header.sender)
    demand(sender is not None, "sender-unknown", header.sender)
    sent_on = day(header.sent_at)
    earlier = [each["key"] for each in sender.get("previous-signing-keys", [])
               if sent_on <= each["valid-to"]]
    demand(any(is_signed(envelope, bytes.fromhex(key)) for key in [sender["signing-key"], *earlier]),
           "bad-signature")
    demand(header.type in schema().types, "header-fault", "type")
    if header.HasField("seal"):
        body_bytes = unseal(envelope, header, node, sealing_secrets)
    else:
        demand(not envelope.wraps, "wraps-malformed", "wraps on a plain body")
        body_bytes = envelope.body
    try:
        body = schema().types[header.type].FromString(body_bytes)
    except DecodeError:
        raise Refused("schema-fault", "body") from None
    return envelope, header, body
