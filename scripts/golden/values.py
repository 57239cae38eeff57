"""The network that the golden files speak of: keys from fixed seeds, and what they signed."""

import hashlib

import ed25519ctx
import schema

CLASSES = schema.classes()

NOW = 1_800_000_000
YEAR = 365 * 86_400

SEEDS = {"root": b"\x01" * 32, "admin": b"\x02" * 32, "node": b"\x03" * 32, "other": b"\x04" * 32}
KEYS = {name: ed25519ctx.public_key(seed) for name, seed in SEEDS.items()}
CLUSTER = hashlib.sha256(KEYS["root"]).digest()


def make(kind, /, **fields):
    """A message: `make("admission.AdminCert", signature=...)`. Messages and lists are taken over."""
    package, _, name = kind.partition(".")
    message = CLASSES[schema.full_name(package, name)]()
    for field, value in fields.items():
        if isinstance(value, list):
            getattr(message, field).extend(value)
        elif isinstance(value, dict):
            getattr(message, field).update(value)
        elif hasattr(value, "SerializeToString"):
            getattr(message, field).CopyFrom(value)
            getattr(message, field).SetInParent()
        else:
            setattr(message, field, value)
    return message


def signed(kind, signer, context, claims, field="claims", **others):
    """An object around its claims, signed over their canonical bytes."""
    data = claims.SerializeToString(deterministic=True)
    signature = ed25519ctx.sign(SEEDS[signer], data, context.encode())
    return make(kind, **{field: claims}, signature=signature, **others)


TRUST = make("admission.TrustBundle", cluster_id=CLUSTER, root_pub=KEYS["root"])


def admin_cert(admin, serial):
    claims = make(
        "admission.AdminCertClaims",
        cluster_id=CLUSTER,
        admin_pub=KEYS[admin],
        not_before_unix=NOW - 60,
        not_after_unix=NOW + 5 * YEAR,
        serial=serial,
    )
    return signed("admission.AdminCert", "root", "pollen.admin.v1", claims)


ROOT_CERT = admin_cert("root", 1)
ADMIN_CERT = admin_cert("admin", 2**53 + 1)


def membership(issuer, cert, serial, non_renewable):
    claims = make(
        "admission.MembershipCertClaims",
        cluster_id=CLUSTER,
        subject_pub=KEYS["node"],
        issuer_admin_pub=KEYS[issuer],
        not_before_unix=NOW - 60,
        not_after_unix=NOW + YEAR,
        serial=serial,
        non_renewable=non_renewable,
    )
    return signed("admission.MembershipCert", issuer, "pollen.membership.v1", claims, issuer=cert)


MEMBERSHIP = membership("root", ROOT_CERT, 2, False)
GUEST = membership("admin", ADMIN_CERT, 2**64 - 1, True)

BOOTSTRAP = make(
    "admission.BootstrapPeer",
    peer_pub=KEYS["other"],
    addrs=["192.0.2.1:60611", "[2001:db8::1]:60611"],
)
WINDOW = {"issued_at_unix": NOW, "expires_at_unix": NOW + 300}

JOIN_TOKEN = signed(
    "admission.JoinToken",
    "admin",
    "pollen.join.v1",
    make(
        "admission.JoinTokenClaims",
        token_id="6f1d3a52-0c5e-4b7a-9a55-3d1f0e2b4c6d",
        trust=TRUST,
        issuer=ADMIN_CERT,
        member_cert=GUEST,
        bootstrap=[BOOTSTRAP],
        **WINDOW,
    ),
)


def invite(token_id, signer, cert, **others):
    claims = make(
        "admission.InviteTokenClaims",
        token_id=token_id,
        trust=TRUST,
        issuer=cert,
        bootstrap=[BOOTSTRAP],
        **WINDOW,
        **others,
    )
    return signed("admission.InviteToken", signer, "pollen.invite.v1", claims)


OPEN_INVITE = invite("00000000-0000-4000-8000-000000000001", "root", ROOT_CERT)
BOUND_INVITE = invite(
    "00000000-0000-4000-8000-000000000002",
    "admin",
    ADMIN_CERT,
    subject_pub=KEYS["node"],
    membership_ttl_seconds=86_400,
    non_renewable=True,
)

REVOCATION = signed(
    "admission.SignedRevocation",
    "root",
    "pollen.revocation.v1",
    make(
        "admission.RevocationEntry",
        cluster_id=CLUSTER,
        subject_pub=KEYS["other"],
        revoked_at_unix=NOW,
        issuer_admin_pub=KEYS["root"],
    ),
    field="entry",
)
