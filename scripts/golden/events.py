"""What travels in datagrams: events and clocks, alone and in envelopes."""

import values
from values import KEYS, NOW, make
from write import File

NODE, OTHER = KEYS["node"].hex(), KEYS["other"].hex()

STATE = {
    "a service": make("state.Service", name="api", port=8080),
    "a clock with numbers beyond 2^53": make(
        "state.GossipVectorClock",
        counters={NODE: 2**53 + 1, OTHER: 2**64 - 1, KEYS["root"].hex(): 1},
    ),
    "a network change": make(
        "state.NetworkChange", ips=["10.0.0.1", "2001:db8::1"], local_port=60_611
    ),
    "an external port": make("state.ExternalPortChange", external_port=65_535),
    "an identity": make(
        "state.IdentityChange", identity_pub=KEYS["node"], cert_expiry_unix=NOW + values.YEAR
    ),
    "a service change": make("state.ServiceChange", name="w\u00e9b", port=1),
    "a reachability": make("state.ReachabilityChange", peer_id=OTHER),
    "a revocation change": make("state.RevocationChange", revocation=values.REVOCATION),
    "an accessibility": make("state.PubliclyAccessibleChange"),
}


def event(counter, deleted=False, **change):
    return make("state.GossipEvent", peer_id=NODE, counter=counter, deleted=deleted, **change)


EVENTS = {
    "an event: network": event(1, network=STATE["a network change"]),
    "an event: external port": event(2, external_port=STATE["an external port"]),
    "an event: identity": event(3, identity_pub=STATE["an identity"]),
    "an event: service": event(300, service=STATE["a service change"]),
    "an event: service deleted": event(
        301, True, service=make("state.ServiceChange", name="w\u00e9b")
    ),
    "an event: reachability": event(5, reachability=STATE["a reachability"]),
    "an event: reachability deleted": event(6, True, reachability=STATE["a reachability"]),
    "an event: revocation": event(2**64 - 1, revocation=STATE["a revocation change"]),
    "an event: accessible": event(8, publicly_accessible=STATE["an accessibility"]),
    "an event: accessible no more": event(9, True, publicly_accessible=STATE["an accessibility"]),
}
BATCH = make(
    "state.GossipEventBatch", events=[EVENTS["an event: service"], make("state.GossipEvent")]
)


def envelope(**body):
    return make("mesh.Envelope", **body)


BODIES = {
    "a punch request": make("mesh.PunchCoordRequest", peer_id=KEYS["other"]),
    "a punch trigger": make(
        "mesh.PunchCoordTrigger",
        peer_id=KEYS["other"],
        self_addr="192.0.2.1:1",
        peer_addr="[2001:db8::2]:65535",
    ),
    "a redemption": make(
        "mesh.InviteRedeemRequest", token=values.OPEN_INVITE, subject_pub=KEYS["node"]
    ),
    "an accepted redemption": make(
        "mesh.InviteRedeemResponse", accepted=True, join_token=values.JOIN_TOKEN
    ),
    "a refused redemption": make(
        "mesh.InviteRedeemResponse", reason="invite token already consumed"
    ),
    "an observed address": make("mesh.ObservedAddress", addr="192.0.2.7:60611"),
    "a renewal request": make(
        "mesh.CertRenewalRequest", subject_pub=KEYS["node"], current_cert=bytes([0, 1])
    ),
    "a renewal": make("mesh.CertRenewalResponse", accepted=True, cert=values.MEMBERSHIP),
    "a refused renewal": make("mesh.CertRenewalResponse", reason="this node is not an admin"),
}
CLOCK_ENVELOPE = envelope(clock=STATE["a clock with numbers beyond 2^53"])
ENVELOPES = {
    "an envelope: clock": CLOCK_ENVELOPE,
    "an envelope: empty clock": envelope(clock=make("state.GossipVectorClock")),
    "an envelope: punch request": envelope(punch_coord_request=BODIES["a punch request"]),
    "an envelope: punch trigger": envelope(punch_coord_trigger=BODIES["a punch trigger"]),
    "an envelope: redemption": envelope(invite_redeem_request=BODIES["a redemption"]),
    "an envelope: redeemed": envelope(invite_redeem_response=BODIES["an accepted redemption"]),
    "an envelope: observed address": envelope(observed_address=BODIES["an observed address"]),
    "an envelope: events": envelope(events=BATCH),
    "an envelope: renewal request": envelope(cert_renewal_request=BODIES["a renewal request"]),
    "an envelope: renewal": envelope(cert_renewal_response=BODIES["a renewal"]),
}


def write(folder):
    state = File(folder / "state.golden", ["What nodes say about themselves."])
    for name, message in {**STATE, **EVENTS, "a batch": BATCH}.items():
        state.message(name, message)
    _state_variants(state)
    state.save()

    mesh = File(folder / "mesh.golden", ["What one datagram of a session carries."])
    for name, message in {**BODIES, **ENVELOPES}.items():
        mesh.message(name, message)
    mesh.variant(
        "an envelope of two bodies: the last one counts",
        ("an envelope: observed address", ENVELOPES["an envelope: observed address"]),
        CLOCK_ENVELOPE.SerializeToString(deterministic=True)
        + ENVELOPES["an envelope: observed address"].SerializeToString(deterministic=True),
    )
    mesh.variant(
        "an envelope with a field of a later version",
        ("an envelope: empty clock", ENVELOPES["an envelope: empty clock"]),
        bytes.fromhex("0a00" "6203666f6f" "1001"),
    )
    mesh.save()


def _state_variants(file):
    clock = STATE["a clock with numbers beyond 2^53"]
    entries = [
        make("state.GossipVectorClock", counters={key: clock.counters[key]}).SerializeToString(deterministic=True)
        for key in sorted(clock.counters, reverse=True)
    ]
    name = "a clock with numbers beyond 2^53"
    file.variant("a clock, its entries in another order", (name, clock), b"".join(entries))
    name = "an event: service deleted"
    deleted = EVENTS[name]
    parts = [
        make("state.GossipEvent", deleted=True),
        make("state.GossipEvent", service=deleted.service),
        make("state.GossipEvent", counter=deleted.counter),
        make("state.GossipEvent", peer_id=deleted.peer_id),
    ]
    data = b"".join(part.SerializeToString(deterministic=True) for part in parts)
    file.variant("a deleted service backwards", (name, deleted), data)
    file.variant(
        "a service with its defaults written out and a port in too many bytes",
        ("a service", STATE["a service"]),
        bytes.fromhex("1000" "0a00" "0a03617069" "10908080808080808080" "00" "1090bf8000"),
    )
