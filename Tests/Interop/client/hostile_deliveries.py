# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""Delivered envelopes that a recipient must refuse: the hub cannot see what is wrong with them."""

import copy
import os

import drafts
import wici_formats as formats
from hostile import flip
from wici_formats import schema


def hidden_faults():
    """What no hub can see in a sealed message: name, a function of header and body that gives the
    arguments of `formats.seal`, and the code that the recipient must give."""

    def inner(**changes):
        return lambda header, body: {"inner": schema().SealedContent(**({
            "sender": header.sender, "message_id": header.message_id, "body": body} | changes))}

    def bare(data):
        return lambda header, body: {"inner_bytes": data}

    not_zero = bytearray(formats.padded(schema().SealedContent(body=b"x")))
    not_zero[-1] = 1
    yield "wrong key commitment", lambda header, body: {"commitment": bytes(32)}, (
        "key-commitment-wrong")
    yield "another sender inside", inner(sender="other.main"), "sealed-sender-mismatch"
    yield "another id inside", inner(message_id=drafts.uuid7()), "sealed-sender-mismatch"
    yield "padding that is not zero", bare(bytes(not_zero)), "seal-padding-wrong"
    yield "garbage inside", bare(b"\xff" * 1024), "sealed-content-malformed"
    yield "a body that cannot be read", inner(body=b"\xff"), "schema-fault"


def recipient_cases(sender, registry, recipient, body_draft):
    """Name, delivered envelope bytes and the code that the recipient must give (None: opens).
    `sender` is an Identity in the registry, `recipient` a node id, `body_draft` a draft."""

    def delivered(seed=None, alter=None, options=lambda header, body: {}):
        header, body = drafts.compose(copy.deepcopy(body_draft), sender.node)
        nodes = {sender.node: registry.sealing_key(sender.node),
                 recipient: registry.sealing_key(recipient)}
        envelope = formats.seal(header, body, nodes, **options(header, body))
        formats.sign_batch([envelope], seed or sender.signing_seed)
        leaves = [wrap.SerializeToString() for wrap in envelope.wraps]
        place = sorted(nodes).index(recipient)
        wrap = schema().Wrap.FromString(leaves[place])
        del envelope.wraps[:]
        envelope.wraps.append(wrap)
        envelope.wrap_proof.index = place
        envelope.wrap_proof.size = formats.least_size(place, len(leaves))
        envelope.wrap_proof.path.extend(formats.inclusion_path(leaves, place))
        if alter:
            alter(envelope)
        return envelope.SerializeToString()

    def wrong_wrap(envelope):
        envelope.wraps[0].ciphertext = flip(envelope.wraps[0].ciphertext)

    zeros = schema().SealedContent(padding=bytes(400)).SerializeToString()
    yield "nothing wrong", delivered(), None
    yield "signature of another key", delivered(os.urandom(32)), "bad-signature"
    yield "body altered", delivered(alter=lambda e: setattr(
        e, "body", flip(e.body))), "bad-signature"
    yield "wrap altered", delivered(alter=wrong_wrap), "bad-signature"
    yield "proof of another place", delivered(alter=lambda e: setattr(
        e.wrap_proof, "index", 1 - e.wrap_proof.index)), "bad-signature"
    yield "proof of another size", delivered(alter=lambda e: setattr(
        e.wrap_proof, "size", e.wrap_proof.size + 5)), "wraps-malformed"
    yield "content without padding", delivered(
        options=lambda header, body: {"inner_bytes": zeros}), "seal-padding-wrong"
    for name, options, expected in hidden_faults():
        yield name, delivered(options=options), expected
