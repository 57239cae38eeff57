"""A request to redeem an invite, sealed to its issuer, and the answer: HPKE (RFC 9180, base mode with
X25519, HKDF-SHA256 and AES-128-GCM) with a fixed ephemeral key, so that the bytes stay the same.
"""

import hashlib
import hmac
import struct

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

import values
from values import KEYS, SEEDS, make
from write import File

P = 2**255 - 19
KEM, SUITE = b"KEM\x00\x20", b"HPKE\x00\x20\x00\x01\x00\x01"


def montgomery(edwards):
    """The X25519 key that belongs to an Ed25519 key (RFC 7748, section 4.1)."""
    y = int.from_bytes(edwards, "little") & (2**255 - 1)
    return ((1 + y) * pow(1 - y, -1, P) % P).to_bytes(32, "little")


def extract(suite, salt, label, data):
    return hmac.digest(salt, b"HPKE-v1" + suite + label + data, "sha256")


def expand(suite, key, label, data, length):
    text = struct.pack(">H", length) + b"HPKE-v1" + suite + label + data + b"\x01"
    return hmac.digest(key, text, "sha256")[:length]


def sealed(recipient, info, ephemeral_seed, beside, plaintext_of):
    """The encapsulated key, the ciphertext, and what exports keys."""
    private = X25519PrivateKey.from_private_bytes(ephemeral_seed)
    encapsulated = private.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
    shared = private.exchange(X25519PublicKey.from_public_bytes(recipient))
    prk = extract(KEM, b"", b"eae_prk", shared)
    secret = expand(KEM, prk, b"shared_secret", encapsulated + recipient, 32)
    context = b"\x00" + extract(SUITE, b"", b"psk_id_hash", b"")
    context += extract(SUITE, b"", b"info_hash", info)
    schedule = extract(SUITE, secret, b"secret", b"")
    key = expand(SUITE, schedule, b"key", context, 16)
    nonce = expand(SUITE, schedule, b"base_nonce", context, 12)
    exporter = expand(SUITE, schedule, b"exp", context, 32)
    ciphertext = AESGCM(key).encrypt(nonce, plaintext_of(encapsulated), beside)
    return encapsulated, ciphertext, lambda label: expand(SUITE, exporter, b"sec", label, 16)


def encoded(message):
    return message.SerializeToString(deterministic=True)


def redemption(encapsulated):
    token = values.OPEN_INVITE
    signer = Ed25519PrivateKey.from_private_bytes(SEEDS["node"])
    text = b"pollen/2 redemption\0" + KEYS["root"] + encapsulated + encoded(token)
    return make(
        "mesh2.Redemption", token=token, subject_pub=KEYS["node"], signature=signer.sign(text)
    )


def write(folder):
    ephemeral = hashlib.sha256(b"golden").digest()
    encapsulated, ciphertext, export = sealed(
        montgomery(KEYS["root"]),
        b"pollen/2 redemption",
        ephemeral,
        values.CLUSTER + KEYS["root"],
        lambda encapsulated: encoded(redemption(encapsulated)),
    )
    refusal = make("mesh.InviteRedeemResponse", reason="invite token expired.")
    nonce = bytes(range(12))
    answer = nonce + AESGCM(export(b"pollen/2 answer")).encrypt(nonce, encoded(refusal), None)
    file = File(folder / "sealed.golden", ["A redemption, sealed to the root key, and a refusal."])
    file.raw("the ephemeral key", ephemeral, "X25519, of this request alone")
    file.message("a redemption to be sealed", redemption(encapsulated))
    file.message(
        "a sealed redemption",
        make(
            "mesh2.SealedRedemption",
            issuer_pub=KEYS["root"],
            encapsulated=encapsulated,
            ciphertext=ciphertext,
            cluster_id=values.CLUSTER,
        ),
    )
    file.message("a sealed refusal", make("mesh2.SealedAnswer", sealed=answer))
    file.message("a sealed redemption without answer", make("mesh2.SealedAnswer", failure=3))
    file.save()
