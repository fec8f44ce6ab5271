# SPDX-License-Identifier: Apache-2.0
# Copyright 2026 the Wici authors

"""HKDF and single-shot HPKE of RFC 9180: base mode, DHKEM(X25519, HKDF-SHA256), HKDF-SHA256,
ChaCha20-Poly1305. Own code, because the `cryptography` package's HPKE takes no additional data."""

import hashlib
import hmac
import os

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import ChaCha20Poly1305


class Unopenable(Exception):
    """The ciphertext was not made for this key, info and additional data."""


def _extract(salt, material):
    return hmac.new(salt or bytes(32), material, hashlib.sha256).digest()


def _expand(key, info, length):
    out, block, count = b"", b"", 1
    while len(out) < length:
        block = hmac.new(key, block + info + bytes([count]), hashlib.sha256).digest()
        out, count = out + block, count + 1
    return out[:length]


def hkdf(material, info, length=32):
    return _expand(_extract(b"", material), info, length)


_KEM = b"KEM\x00\x20"
_HPKE = b"HPKE\x00\x20\x00\x01\x00\x03"


def _labeled_extract(suite, salt, label, material):
    return _extract(salt, b"HPKE-v1" + suite + label + material)


def _labeled_expand(suite, key, label, info, length):
    return _expand(key, length.to_bytes(2, "big") + b"HPKE-v1" + suite + label + info, length)


def _hpke_key(shared_point, encapsulated, recipient, info):
    prk = _labeled_extract(_KEM, b"", b"eae_prk", shared_point)
    shared = _labeled_expand(_KEM, prk, b"shared_secret", encapsulated + recipient, 32)
    context = (b"\0" + _labeled_extract(_HPKE, b"", b"psk_id_hash", b"")
               + _labeled_extract(_HPKE, b"", b"info_hash", info))
    secret = _labeled_extract(_HPKE, shared, b"secret", b"")
    return (_labeled_expand(_HPKE, secret, b"key", context, 32),
            _labeled_expand(_HPKE, secret, b"base_nonce", context, 12))


def hpke_seal(recipient, info, additional, plaintext, ephemeral=None):
    secret = X25519PrivateKey.from_private_bytes(ephemeral or os.urandom(32))
    encapsulated = secret.public_key().public_bytes_raw()
    point = secret.exchange(X25519PublicKey.from_public_bytes(recipient))
    key, nonce = _hpke_key(point, encapsulated, recipient, info)
    return encapsulated, ChaCha20Poly1305(key).encrypt(nonce, plaintext, additional)


def hpke_open(secret, encapsulated, info, additional, ciphertext):
    try:
        private = X25519PrivateKey.from_private_bytes(secret)
        point = private.exchange(X25519PublicKey.from_public_bytes(encapsulated))
        recipient = private.public_key().public_bytes_raw()
        key, nonce = _hpke_key(point, encapsulated, recipient, info)
        return ChaCha20Poly1305(key).decrypt(nonce, ciphertext, additional)
    except (InvalidTag, ValueError):
        raise Unopenable from None
