"""Writes tests/golden/data anew: `deno task golden`.

Nothing of Pollen's own code takes part: field numbers stand in schema.py, Google's protobuf library
encodes, ed25519ctx.py signs, and the `cryptography` package makes X.509.
"""

import base64
import pathlib
import struct

import certificates
import control
import ed25519ctx
import events
import frames
import sealed
import values
from values import CLASSES, KEYS, SEEDS, make
from write import File

FOLDER = pathlib.Path(__file__).resolve().parents[2] / "tests" / "golden" / "data"


def keys():
    file = File(FOLDER / "keys.golden", ["Ed25519 keys, and the id of the network of the first."])
    for name, seed in SEEDS.items():
        file.raw(f"the {name} seed", seed, "32 bytes that the private key follows from")
        file.raw(f"the {name} key", KEYS[name], "the public key")
    file.raw("the cluster id", values.CLUSTER, "SHA-256 of the root key")
    file.save()


def admission():
    file = File(
        FOLDER / "admission.golden",
        [
            "Certificates, tokens and revocations with real signatures: Ed25519ctx over the bytes of",
            "the entry that ends in `claims`, or in `entry`.",
        ],
    )
    file.message("a trust bundle", values.TRUST)
    for name, message in {
        "the root's certificate": values.ROOT_CERT,
        "an administrator's certificate": values.ADMIN_CERT,
        "a membership": values.MEMBERSHIP,
        "a guest's membership": values.GUEST,
        "a join token": values.JOIN_TOKEN,
        "an open invite": values.OPEN_INVITE,
        "a bound invite": values.BOUND_INVITE,
    }.items():
        file.message(f"{name}: claims", message.claims)
        file.message(name, message)
    file.message("a revocation: entry", values.REVOCATION.entry)
    file.message("a revocation", values.REVOCATION)
    file.message("a bootstrap peer", values.BOOTSTRAP)
    file.message(
        "claims with the lowest numbers",
        make("admission.MembershipCertClaims", not_before_unix=-1, not_after_unix=-(2**63)),
    )
    file.variant(
        "an administrator's certificate with fields of a later version",
        ("an administrator's certificate", values.ADMIN_CERT),
        bytes.fromhex("18a90a" "a1060102030405060708")
        + values.ADMIN_CERT.SerializeToString(deterministic=True)
        + bytes.fromhex("a2060568656c6c6f" "a50601020304"),
    )
    signature = values.REVOCATION.signature
    file.variant(
        "a revocation backwards, its signature given twice",
        ("a revocation", values.REVOCATION),
        make("admission.SignedRevocation", signature=bytes(64)).SerializeToString(deterministic=True)
        + make("admission.SignedRevocation", signature=signature).SerializeToString(deterministic=True)
        + make("admission.SignedRevocation", entry=values.REVOCATION.entry).SerializeToString(deterministic=True),
    )
    file.text("a join token as text", _base64(values.JOIN_TOKEN))
    file.text("an open invite as text", _base64(values.OPEN_INVITE))
    file.save()


def _base64(message):
    return base64.b64encode(message.SerializeToString(deterministic=True)).decode()


def framed(hello):
    frame = values.make("mesh2.Frame", hello=hello).SerializeToString(deterministic=True)
    return struct.pack(">I", len(frame)) + frame


def streams():
    file = File(
        FOLDER / "streams.golden",
        [
            "The first bytes of a stream: the service's port; over pollen/2 its kind before that.",
            "Probes of hole punching, which are whole datagrams.",
        ],
    )
    for port in (1, 80, 8080, 65535):
        file.raw(f"the head of a stream to port {port}", struct.pack(">H", port), "big-endian")
        data = struct.pack(">BH", 1, port)
        file.raw(f"the head of a pollen/2 tunnel to port {port}", data, "kind 1, then as above")
    nonce = bytes(range(16))
    file.raw("a probe that asks", b"\x01" + nonce, "0x01 and a nonce of 16 bytes")
    file.raw("a probe that answers", b"\x02" + nonce, "0x02 and the nonce of the question")
    file.raw("the head of a control stream", struct.pack(">BH", 2, 0), "kind 2, and no argument")
    file.raw("a hello on its stream", framed(frames.HELLO), "its length, 4 bytes, and the frame")
    file.save()


def main():
    ed25519ctx.check()
    FOLDER.mkdir(parents=True, exist_ok=True)
    keys()
    admission()
    events.write(FOLDER)
    frames.write(FOLDER)
    sealed.write(FOLDER)
    control.write(FOLDER)
    certificates.write(FOLDER)
    streams()
    print(f"{len(CLASSES)} kinds of message, in {FOLDER}")


main()
