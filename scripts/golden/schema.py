"""Every message by its field numbers, as the protocols have them.

Written down a second time on purpose: were it made from proto/, a wrong number there would be
wrong here too. `classes()` gives Google's protobuf classes for them; tests/golden compares what
those write with what the codecs of lib/proto write.
"""

from google.protobuf import descriptor_pb2, descriptor_pool, message_factory

FieldType = descriptor_pb2.FieldDescriptorProto

# PACKAGE -> MESSAGE -> "number name type, ...". A `*` repeats, a `?` is optional, `map` is
# map<string, uint64>, `|` is a member of the message's one oneof, `#` an enumeration; a name with
# a capital is a message, of this package or another.
SCHEMA = {
    "admission": {
        "TrustBundle": "1 cluster_id bytes, 2 root_pub bytes",
        "AdminCertClaims": "1 cluster_id bytes, 2 admin_pub bytes, 3 not_before_unix int64, "
        "4 not_after_unix int64, 5 serial uint64",
        "AdminCert": "1 claims AdminCertClaims, 2 signature bytes",
        "MembershipCertClaims": "1 cluster_id bytes, 2 subject_pub bytes, 3 issuer_admin_pub bytes, "
        "4 not_before_unix int64, 5 not_after_unix int64, 6 serial uint64, 7 non_renewable bool",
        "MembershipCert": "1 claims MembershipCertClaims, 2 issuer AdminCert, 3 signature bytes",
        "BootstrapPeer": "1 peer_pub bytes, 2 addrs *string",
        "JoinTokenClaims": "1 token_id string, 2 trust TrustBundle, 3 issuer AdminCert, "
        "4 member_cert MembershipCert, 5 bootstrap *BootstrapPeer, 6 issued_at_unix int64, "
        "7 expires_at_unix int64",
        "JoinToken": "1 claims JoinTokenClaims, 2 signature bytes",
        "InviteTokenClaims": "1 token_id string, 2 trust TrustBundle, 3 issuer AdminCert, "
        "4 bootstrap *BootstrapPeer, 5 subject_pub bytes, 6 issued_at_unix int64, "
        "7 expires_at_unix int64, 8 membership_ttl_seconds int64, 9 non_renewable bool",
        "InviteToken": "1 claims InviteTokenClaims, 2 signature bytes",
        "RevocationEntry": "1 cluster_id bytes, 2 subject_pub bytes, 3 revoked_at_unix int64, "
        "4 issuer_admin_pub bytes",
        "SignedRevocation": "1 entry RevocationEntry, 2 signature bytes",
    },
    "state": {
        "Service": "1 name string, 2 port uint32",
        "GossipVectorClock": "1 counters map",
        "NetworkChange": "1 ips *string, 2 local_port uint32",
        "ExternalPortChange": "1 external_port uint32",
        "IdentityChange": "1 identity_pub bytes, 2 cert_expiry_unix int64",
        "ServiceChange": "1 name string, 2 port uint32",
        "ReachabilityChange": "1 peer_id string",
        "RevocationChange": "1 revocation admission.SignedRevocation",
        "PubliclyAccessibleChange": "",
        "GossipEvent": "1 peer_id string, 2 counter uint64, 3 network |NetworkChange, "
        "4 external_port |ExternalPortChange, 5 identity_pub |IdentityChange, "
        "6 service |ServiceChange, 7 reachability |ReachabilityChange, "
        "9 revocation |RevocationChange, 10 publicly_accessible |PubliclyAccessibleChange, "
        "8 deleted bool",
        "GossipEventBatch": "1 events *GossipEvent",
    },
    "mesh": {
        "PunchCoordRequest": "1 peer_id bytes",
        "PunchCoordTrigger": "1 peer_id bytes, 2 self_addr string, 3 peer_addr string",
        "InviteRedeemRequest": "1 token admission.InviteToken, 2 subject_pub bytes",
        "InviteRedeemResponse": "1 accepted bool, 2 reason string, 3 join_token admission.JoinToken",
        "ObservedAddress": "1 addr string",
        "CertRenewalRequest": "1 subject_pub bytes, 2 current_cert bytes",
        "CertRenewalResponse": "1 accepted bool, 2 reason string, 3 cert admission.MembershipCert",
        "Envelope": "1 clock |state.GossipVectorClock, 3 punch_coord_request |PunchCoordRequest, "
        "4 punch_coord_trigger |PunchCoordTrigger, 6 invite_redeem_request |InviteRedeemRequest, "
        "7 invite_redeem_response |InviteRedeemResponse, 8 observed_address |ObservedAddress, "
        "9 events |state.GossipEventBatch, 10 cert_renewal_request |CertRenewalRequest, "
        "11 cert_renewal_response |CertRenewalResponse",
    },
    "state2": {
        "Reachability": "1 peer bytes",
        "MemberEvent": "1 author bytes, 2 counter uint64, 3 deleted bool, "
        "4 network |state.NetworkChange, 5 external_port |state.ExternalPortChange, "
        "6 identity_pub |state.IdentityChange, 7 service |state.ServiceChange, "
        "8 reachability |Reachability, 9 revocation |state.RevocationChange, "
        "10 publicly_accessible |state.PubliclyAccessibleChange, "
        "11 udp_service |state.ServiceChange",
        "SignedEvent": "1 event bytes, 2 signature bytes",
        "EventRecord": "1 signed |SignedEvent, 2 unsigned |state.GossipEvent",
        "Position": "1 author bytes, 2 counter uint64, 3 fingerprint bytes",
        "AgentEntry": "1 id string, 2 hostname string, 3 agent_address string, "
        "4 capabilities bytes, 5 registered_at_ms uint64, 6 last_seen_ms uint64, "
        "7 offline_at_ms uint64, 8 source string",
        "Links": "1 peers bytes, 2 paths bytes, 3 carriers bytes",
        "AgentPage": "1 author bytes, 2 page uint32, 3 counter uint64, 4 agents *AgentEntry, "
        "5 links Links",
        "SignedPage": "1 page bytes, 2 signature bytes",
        "PageCounter": "1 page uint32, 2 counter uint64",
        "AuthorPages": "1 author bytes, 2 pages *PageCounter",
    },
    "mesh2": {
        "Hello": "1 version string, 2 capabilities *string",
        "Digest": "1 hash bytes, 2 agents bytes",
        "Summary": "1 positions *state2.Position",
        "EventRecords": "1 records *state2.EventRecord, 2 more bool, "
        "3 memberships *admission.MembershipCert",
        "AgentSummary": "1 authors *state2.AuthorPages",
        "AgentPages": "1 pages *state2.SignedPage, 2 more bool",
        "PunchCoordRefusal": "1 peer_id bytes",
        "Redemption": "1 token admission.InviteToken, 2 subject_pub bytes, 3 signature bytes",
        "SealedRedemption": "1 issuer_pub bytes, 2 encapsulated bytes, 3 ciphertext bytes, "
        "4 cluster_id bytes",
        "SealedAnswer": "1 sealed bytes, 2 failure #",
        "RelayRequest": "1 peer_id bytes",
        "RelayGrant": "1 peer_id bytes, 2 flow uint32",
        "RelayAcceptance": "1 flow uint32",
        "RelayRefusal": "1 peer_id bytes, 2 reason #",
        "RelayWithdrawal": "1 flow uint32, 2 carried bool",
        "NatReport": "1 mapping uint32",
        "PunchCoordUnequal": "1 trigger mesh.PunchCoordTrigger, 2 is_hard bool",
        "Frame": "1 hello |Hello, 2 digest |Digest, 3 summary |Summary, 4 records |EventRecords, "
        "5 observed_address |mesh.ObservedAddress, 6 punch_coord_request |mesh.PunchCoordRequest, "
        "7 punch_coord_trigger |mesh.PunchCoordTrigger, 8 punch_coord_refusal |PunchCoordRefusal, "
        "9 agent_summary |AgentSummary, 10 agent_pages |AgentPages, "
        "11 relay_request |RelayRequest, 12 relay_grant |RelayGrant, "
        "13 relay_acceptance |RelayAcceptance, 14 relay_refusal |RelayRefusal, "
        "15 relay_withdrawal |RelayWithdrawal, "
        "16 nat_report |NatReport, 17 punch_coord_unequal |PunchCoordUnequal, "
        "18 membership |admission.MembershipCert",
    },
    "control": {
        "NodeRef": "1 peer_id bytes",
        "LinkInfo": "1 protocol string, 2 version string, 3 path PathInfo",
        "PathInfo": "1 carrier NodeRef, 2 since_unix int64, 3 rtt_us uint32, 4 packets_lost uint64, "
        "5 packets_sent uint64",
        "NodeSummary": "1 node NodeRef, 2 status #, 3 addr string, 4 publicly_accessible bool, "
        "5 link LinkInfo",
        "ServiceSummary": "1 name string, 2 provider NodeRef, 3 port uint32, 4 udp ?bool, "
        "5 dropped_packets ?uint64",
        "ConnectionSummary": "1 peer NodeRef, 2 remote_port uint32, 3 local_port uint32, "
        "4 service_name string, 5 requested_local_port uint32, 6 active_tunnels uint32, "
        "7 last_failure string, 8 udp ?bool, 9 dropped_packets ?uint64",
        "CertInfo": "1 not_before_unix int64, 2 not_after_unix int64, 3 serial uint64, 4 health #, "
        "5 non_renewable bool",
        "FaultCount": "1 kind string, 2 count uint64",
        "SocketInfo": "1 receive_buffer_bytes uint64, 2 send_buffer_bytes uint64, "
        "3 segments_max uint32, 4 coalesces bool, 5 rebinds uint64, 6 faults *FaultCount",
        "Condition": "1 kind string, 2 message string, 3 fix string",
        "PortMapping": "1 protocol string, 2 gateway string, 3 address string",
        "NetworkInfo": "1 nat_kind string, 2 port_mapping string, 3 mapping PortMapping",
        "BootstrapPeerInfo": "1 peer NodeRef, 2 addrs *string",
        "ShutdownRequest": "",
        "ShutdownResponse": "",
        "GetBootstrapInfoRequest": "",
        "GetBootstrapInfoResponse": "1 self BootstrapPeerInfo, 2 recommended BootstrapPeerInfo, "
        "3 forwarders *BootstrapPeerInfo",
        "GetStatusRequest": "",
        "GetStatusResponse": "1 self NodeSummary, 2 nodes *NodeSummary, 3 services *ServiceSummary, "
        "4 connections *ConnectionSummary, 5 certificates *CertInfo, 6 socket SocketInfo, "
        "7 conditions *Condition, 8 network NetworkInfo, 9 limits_reached map",
        "RegisterServiceRequest": "1 port uint32, 2 name ?string, 3 udp ?bool",
        "RegisterServiceResponse": "",
        "UnregisterServiceRequest": "1 port uint32, 2 name ?string",
        "UnregisterServiceResponse": "1 names *string, 2 port uint32, 3 udp ?bool",
        "ConnectServiceRequest": "1 node NodeRef, 2 remote_port uint32, 3 local_port uint32, "
        "4 service_name ?string, 5 udp ?bool",
        "ConnectServiceResponse": "1 local_port uint32",
        "DisconnectServiceRequest": "1 local_port uint32, 2 node NodeRef, 3 remote_port uint32, "
        "4 udp ?bool",
        "DisconnectServiceResponse": "1 disconnected *ConnectionSummary",
        "ConnectPeerRequest": "1 peer_id bytes, 2 addrs *string",
        "ConnectPeerResponse": "",
        "RevokePeerRequest": "1 peer_id bytes",
        "RevokePeerResponse": "",
    },
}


DEPENDENCIES = {
    "state": ["admission"],
    "mesh": ["admission", "state"],
    "state2": ["admission", "state"],
    "mesh2": ["admission", "state", "mesh", "state2"],
}


def namespace(package):
    """`state` is of pollen/1, `state2` of pollen/2."""
    return f"pollen.{package[:-1]}.v2" if package.endswith("2") else f"pollen.{package}.v1"


def full_name(package, message):
    return f"{namespace(package)}.{message}"


def classes():
    """Google's message class for each full name."""
    pool = descriptor_pool.DescriptorPool()
    for package, messages in SCHEMA.items():
        file = descriptor_pb2.FileDescriptorProto(
            name=f"{package}.proto", package=namespace(package), syntax="proto3"
        )
        file.dependency.extend(f"{other}.proto" for other in DEPENDENCIES.get(package, []))
        file.enum_type.add(name="Number").value.add(name="NUMBER_0", number=0)
        for name, fields in messages.items():
            _describe(file.message_type.add(name=name), package, fields)
        pool.Add(file)
    return {
        full_name(package, name): message_factory.GetMessageClass(
            pool.FindMessageTypeByName(full_name(package, name))
        )
        for package, messages in SCHEMA.items()
        for name in messages
    }


def _describe(message, package, fields):
    for text in filter(None, fields.split(", ")):
        number, name, kind = text.split(" ")
        field = message.field.add(name=name, number=int(number), label=FieldType.LABEL_OPTIONAL)
        if kind[0] == "*":
            field.label, kind = FieldType.LABEL_REPEATED, kind[1:]
        elif kind[0] == "|":
            if not message.oneof_decl:
                message.oneof_decl.add(name="choice")
            field.oneof_index, kind = 0, kind[1:]
        elif kind[0] == "?":
            # proto3 presence is a oneof of one member.
            field.proto3_optional, field.oneof_index, kind = True, len(message.oneof_decl), kind[1:]
            message.oneof_decl.add(name=f"_{name}")
        if kind == "map":
            _describe_map(message, package, field)
        elif kind == "#":
            field.type, field.type_name = FieldType.TYPE_ENUM, f".{full_name(package, 'Number')}"
        elif kind.islower():
            field.type = getattr(FieldType, f"TYPE_{kind.upper()}")
        else:
            owner, _, name = kind.rpartition(".")
            field.type = FieldType.TYPE_MESSAGE
            field.type_name = f".{full_name(owner or package, name)}"


def _describe_map(message, package, field):
    entry = message.nested_type.add(name="CountersEntry")
    entry.options.map_entry = True
    entry.field.add(name="key", number=1, label=1, type=FieldType.TYPE_STRING)
    entry.field.add(name="value", number=2, label=1, type=FieldType.TYPE_UINT64)
    field.label, field.type = FieldType.LABEL_REPEATED, FieldType.TYPE_MESSAGE
    field.type_name = f".{full_name(package, message.name)}.CountersEntry"
