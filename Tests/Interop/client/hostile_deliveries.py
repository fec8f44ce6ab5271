# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""Delivered envelopes that a recipient must refuse: the hub cannot see what is wrong with them."""

import copy
import os

import drafts
import wici_formats as formats
from hostile import flip
from wici_formats import schema


def recipient_cases(sender, registry, recipient, body_draft):
    """Name, delivered envelope bytes and the code that the recipient must give (None: opens).
    `sender` is an Identity in the registry, `recipient` a node id, `body_draft` a draft."""

    def delivered(seed=None, alter=None, **options):
        header, body = drafts.compose(copy.deepcopy(body_draft), sender.node)
        if "inner" in options:
            options["inner"] = options["inner"](header, body)
        nodes = {sender.node: registry.sealing_key(sender.node),
                 recipient: registry.sealing_key(recipient)}
        envelope = formats.seal(header, body, nodes, **options)
        formats.sign_batch([envelope], seed or sender.signing_seed)
        leaves = [wrap.SerializeToString() for wrap in envelope.wraps]
        place = sorted(nodes).index(recipient)
        wrap = schema().Wrap.FromString(leaves[place])
        del envelope.wraps[:]
        envelope.wraps.append(wrap)
        envelope.wrap_proof.index, envelope.wrap_proof.size = place, len(leaves)
        envelope.wrap_proof.path.extend(formats.inclusion_path(leaves, place))
        if alter:
            alter(envelope)
        return envelope.SerializeToString()

    def content(**changes):
        return lambda header, body: schema().SealedContent(**({
            "sender": header.sender, "message_id": header.message_id, "body": body} | changes))

    def wrong_wrap(envelope):
        envelope.wraps[0].ciphertext = flip(envelope.wraps[0].ciphertext)

    def zeros(length):
        return schema().SealedContent(padding=bytes(length)).SerializeToString()

    def not_zero():
        data = bytearray(formats.padded(schema().SealedContent(body=b"x")))
        data[-1] = 1
        return bytes(data)

    yield "nothing wrong", delivered(), None
    yield "wrong key commitment", delivered(commitment=bytes(32)), "key-commitment-wrong"
    yield "signature of another key", delivered(os.urandom(32)), "bad-signature"
    yield "body altered", delivered(alter=lambda e: setattr(
        e, "body", flip(e.body))), "bad-signature"
    yield "wrap altered", delivered(alter=wrong_wrap), "bad-signature"
    yield "proof of another place", delivered(alter=lambda e: setattr(
        e.wrap_proof, "index", 1 - e.wrap_proof.index)), "bad-signature"
    yield "another sender inside", delivered(inner=content(sender="other.main")), (
        "sealed-sender-mismatch")
    yield "another id inside", delivered(inner=content(message_id=drafts.uuid7())), (
        "sealed-sender-mismatch")
    yield "content without padding", delivered(inner_bytes=zeros(400)), "seal-padding-wrong"
    yield "padding that is not zero", delivered(inner_bytes=not_zero()), "seal-padding-wrong"
    yield "garbage inside", delivered(inner_bytes=b"\xff" * 1024), "sealed-content-malformed"
    yield "a body that cannot be read", delivered(inner=content(body=b"\xff")), "schema-fault"
