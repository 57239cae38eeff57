"""What travels on the control stream of pollen/2: signed events, positions, and frames around them."""

import hashlib

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

import values
from events import BODIES, EVENTS, STATE
from values import KEYS, SEEDS, make
from write import File

NODE, OTHER = KEYS["node"], KEYS["other"]


def event(counter, deleted=False, **change):
    return make("state2.MemberEvent", author=NODE, counter=counter, deleted=deleted, **change)


def encoded(message):
    return message.SerializeToString(deterministic=True)


def signed(of, kind="event"):
    data = encoded(of)
    key = Ed25519PrivateKey.from_private_bytes(SEEDS["node"])
    signature = key.sign(b"pollen/2 " + kind.encode() + b"\0" + data)
    return make(f"state2.Signed{kind.capitalize()}", **{kind: data}, signature=signature)


def fingerprint(*hashed):
    """The exclusive or of the first 8 bytes of each one's SHA-256."""
    sums = [int.from_bytes(hashlib.sha256(data).digest()[:8], "big") for data in hashed]
    total = 0
    for number in sums:
        total ^= number
    return total.to_bytes(8, "big")


REACHABILITY = make("state2.Reachability", peer=OTHER)
MEMBER_EVENTS = {
    "a member's event: network": event(1, network=STATE["a network change"]),
    "a member's event: external port": event(2, external_port=STATE["an external port"]),
    "a member's event: identity": event(3, identity_pub=STATE["an identity"]),
    "a member's event: service": event(300, service=STATE["a service change"]),
    "a member's event: service deleted": event(
        301, True, service=make("state.ServiceChange", name="w\u00e9b")
    ),
    "a member's event: udp service": event(302, udp_service=STATE["a service change"]),
    "a member's event: reachability": event(5, reachability=REACHABILITY),
    "a member's event: revocation": event(2**64 - 1, revocation=STATE["a revocation change"]),
    "a member's event: accessible": event(8, publicly_accessible=STATE["an accessibility"]),
}
SIGNED = signed(MEMBER_EVENTS["a member's event: reachability"])
OTHER_SIGNED = signed(MEMBER_EVENTS["a member's event: service"])
UNSIGNED = EVENTS["an event: reachability"]
POSITIONS = [
    make(
        "state2.Position",
        author=NODE,
        counter=300,
        fingerprint=fingerprint(SIGNED.event, OTHER_SIGNED.event),
    ),
    make("state2.Position", author=OTHER, counter=5, fingerprint=fingerprint(encoded(UNSIGNED))),
]
POSITIONS.sort(key=lambda position: position.author)
SUMMARY = make("mesh2.Summary", positions=POSITIONS)
HELLO = make("mesh2.Hello", version="1.2.3", capabilities=["paths", "udp"])
AGENTS = [
    make(
        "state2.AgentEntry",
        id="a-1",
        hostname="machine",
        agent_address="machine:50052",
        capabilities=b"\x0a\x07" + b"4 cores",
        registered_at_ms=1_800_000_000_000,
        last_seen_ms=1_800_000_000_001,
        source="192.0.2.7",
    ),
    make("state2.AgentEntry", id="a-2", offline_at_ms=1_800_000_000_002),
]
PAGE = make("state2.AgentPage", author=NODE, page=1, counter=7, agents=AGENTS)
LINKS = make(
    "state2.Links",
    peers=bytes.fromhex("00112233445566778899aabbccddeeff"),
    paths=bytes([0x19, 0x80 | 0x40]),
    carriers=OTHER[:8],
)
MACHINE_PAGE = make("state2.AgentPage", author=NODE, counter=8, agents=AGENTS[1:], links=LINKS)
SIGNED_PAGE = signed(PAGE, "page")
COUNTER = make("state2.PageCounter", page=1, counter=7)
AUTHOR = make("state2.AuthorPages", author=NODE, pages=[COUNTER])
AGENT_SUMMARY = make("mesh2.AgentSummary", authors=[AUTHOR])
AGENT_PAGES = make("mesh2.AgentPages", pages=[SIGNED_PAGE], more=True)
DIGEST = make(
    "mesh2.Digest",
    hash=hashlib.sha256(encoded(SUMMARY)).digest(),
    agents=hashlib.sha256(encoded(AGENT_SUMMARY)).digest(),
)
RECORD = make("state2.EventRecord", signed=SIGNED)
UNSIGNED_RECORD = make("state2.EventRecord", unsigned=UNSIGNED)
RECORDS = make(
    "mesh2.EventRecords",
    records=[RECORD, UNSIGNED_RECORD],
    more=True,
    memberships=[values.MEMBERSHIP],
)


REFUSAL = make("mesh2.PunchCoordRefusal", peer_id=OTHER)
RELAYS = {
    "relay_request": make("mesh2.RelayRequest", peer_id=OTHER),
    "relay_grant": make("mesh2.RelayGrant", peer_id=OTHER, flow=2**32 - 1),
    "relay_acceptance": make("mesh2.RelayAcceptance", flow=300),
    "relay_refusal": make("mesh2.RelayRefusal", peer_id=OTHER, reason=4),
    "relay_withdrawal": make("mesh2.RelayWithdrawal", flow=300, carried=True),
}
NAT = make("mesh2.NatReport", mapping=3)
UNEQUAL = make("mesh2.PunchCoordUnequal", trigger=BODIES["a punch trigger"], is_hard=True)


def write(folder):
    state = File(folder / "state2.golden", ["What nodes say about themselves over pollen/2."])
    state.message("a binary reachability", REACHABILITY)
    for name, message in MEMBER_EVENTS.items():
        state.message(name, message)
    for name, message in {
        "a signed event": SIGNED,
        "another signed event": OTHER_SIGNED,
        "a record of a signed event": RECORD,
        "a record of an unsigned event": UNSIGNED_RECORD,
        "a position": POSITIONS[0],
        "an agent": AGENTS[0],
        "a page of agents": PAGE,
        "how sessions go": LINKS,
        "a page of a machine": MACHINE_PAGE,
        "a signed page": SIGNED_PAGE,
        "a page's counter": COUNTER,
        "an author's pages": AUTHOR,
    }.items():
        state.message(name, message)
    state.save()

    mesh = File(folder / "mesh2.golden", ["Frames of the control stream, without their lengths."])
    for name, message in {
        "a hello": HELLO,
        "a digest": DIGEST,
        "a summary": SUMMARY,
        "records": RECORDS,
        "a summary of agents": AGENT_SUMMARY,
        "pages of agents": AGENT_PAGES,
        "a punch refusal": REFUSAL,
        "a frame: hello": make("mesh2.Frame", hello=HELLO),
        "a frame: digest": make("mesh2.Frame", digest=DIGEST),
        "a frame: summary": make("mesh2.Frame", summary=SUMMARY),
        "a frame: records": make("mesh2.Frame", records=RECORDS),
        "a frame: observed address": make(
            "mesh2.Frame", observed_address=make("mesh.ObservedAddress", addr="192.0.2.7:60611")
        ),
        "a frame: punch request": make(
            "mesh2.Frame", punch_coord_request=BODIES["a punch request"]
        ),
        "a frame: punch trigger": make(
            "mesh2.Frame", punch_coord_trigger=BODIES["a punch trigger"]
        ),
        "a frame: punch refusal": make("mesh2.Frame", punch_coord_refusal=REFUSAL),
        **{f"a {field.replace('_', ' ')}": message for field, message in RELAYS.items()},
        **{
            f"a frame: {field.replace('_', ' ')}": make("mesh2.Frame", **{field: message})
            for field, message in RELAYS.items()
        },
        "a frame: summary of agents": make("mesh2.Frame", agent_summary=AGENT_SUMMARY),
        "a frame: pages of agents": make("mesh2.Frame", agent_pages=AGENT_PAGES),
        "a report of a NAT": NAT,
        "a punch of unequal ends": UNEQUAL,
        "a frame: nat report": make("mesh2.Frame", nat_report=NAT),
        "a frame: punch of unequal ends": make("mesh2.Frame", punch_coord_unequal=UNEQUAL),
        "a frame: membership": make("mesh2.Frame", membership=values.MEMBERSHIP),
    }.items():
        mesh.message(name, message)
    mesh.save()
