// Bytes of messages as protoc writes them, an encoder that is not ours: the yardstick for both
// directions of our codecs. Each entry can be made anew with any protoc of 3.21 or later:
//
//   printf %s TEXT | protoc -I proto --deterministic_output --encode=TYPE FILE | xxd -p -c 0
//
// where TYPE is `pollen.ROOM.v1.MESSAGE` and FILE is `pollen/ROOM/v1/ROOM.proto`.

/** One message, as protoc takes it and as it gives it. */
export interface Golden {
  /** The message's full name. */
  readonly type: string;
  /** Its fields in protobuf's text format. */
  readonly text: string;
  /** Its bytes. */
  readonly hex: string;
}

/** By what they are. */
export const GOLDEN = {
  "a join token with everything in it": {
    type: "pollen.admission.v1.JoinToken",
    text:
      'claims { token_id: "t-1" trust { cluster_id: "\\001" root_pub: "\\004" } issuer { claims { cluster_id: "\\001" admin_pub: "\\002\\377" not_before_unix: 1700000000 not_after_unix: 1900000000 serial: 9007199254740993 } signature: "sigA" } member_cert { claims { cluster_id: "\\001" subject_pub: "\\003" issuer_admin_pub: "\\002" not_before_unix: -1 not_after_unix: 1800000000 serial: 18446744073709551615 non_renewable: true } issuer { claims { cluster_id: "\\001" admin_pub: "\\002\\377" not_before_unix: 1700000000 not_after_unix: 1900000000 serial: 9007199254740993 } signature: "sigA" } signature: "sigM" } bootstrap { peer_pub: "\\005" addrs: "192.0.2.1:60611" addrs: "[2001:db8::1]:60611" } issued_at_unix: 1700000000 expires_at_unix: 1700000300 } signature: "sigJ"',
    hex:
      "0ac1010a03742d3112060a01011201041a240a1c0a0101120202ff1880e2cfaa062080e6fe890728818080808080801012047369674122550a270a01011201031a010220ffffffffffffffffff012880a4a7da0630ffffffffffffffffff01380112240a1c0a0101120202ff1880e2cfaa062080e6fe89072881808080808080101204736967411a047369674d2a290a0105120f3139322e302e322e313a363036313112135b323030313a6462383a3a315d3a36303631313080e2cfaa0638ace4cfaa0612047369674a",
  },
  "an invite with an empty bootstrap peer and the lowest number": {
    type: "pollen.admission.v1.InviteToken",
    text:
      'claims { token_id: "t-2" trust { cluster_id: "\\001" root_pub: "\\004" } issuer { claims { cluster_id: "\\001" admin_pub: "\\002\\377" not_before_unix: 1700000000 not_after_unix: 1900000000 serial: 9007199254740993 } signature: "sigA" } bootstrap { peer_pub: "\\005" addrs: "192.0.2.1:60611" addrs: "[2001:db8::1]:60611" } bootstrap { } subject_pub: "\\003" issued_at_unix: 1700000000 expires_at_unix: 1700000300 membership_ttl_seconds: -9223372036854775808 non_renewable: true } signature: "sigI"',
    hex:
      "0a7c0a03742d3212060a01011201041a240a1c0a0101120202ff1880e2cfaa062080e6fe890728818080808080801012047369674122290a0105120f3139322e302e322e313a363036313112135b323030313a6462383a3a315d3a363036313122002a01033080e2cfaa0638ace4cfaa0640808080808080808080014801120473696749",
  },
  "a revocation": {
    type: "pollen.admission.v1.SignedRevocation",
    text:
      'entry { cluster_id: "\\001" subject_pub: "\\003" revoked_at_unix: 1700000001 issuer_admin_pub: "\\004" } signature: "sigR"',
    hex: "0a0f0a01011201031881e2cfaa06220104120473696752",
  },
  "a clock with numbers beyond 2^53": {
    type: "pollen.state.v1.GossipVectorClock",
    text:
      'counters { key: "0a" value: 9007199254740993 } counters { key: "0b" value: 18446744073709551615 } counters { key: "0c" value: 1 }',
    hex: "0a0d0a0230611081808080808080100a0f0a02306210ffffffffffffffffff010a060a0230631001",
  },
  "a network change": {
    type: "pollen.state.v1.GossipEvent",
    text:
      'peer_id: "ab" counter: 1 network { ips: "10.0.0.1" ips: "2001:db8::1" local_port: 60611 }',
    hex: "0a02616210011a1b0a0831302e302e302e310a0b323030313a6462383a3a3110c3d903",
  },
  "an external port": {
    type: "pollen.state.v1.GossipEvent",
    text: 'peer_id: "ab" counter: 2 external_port { external_port: 65535 }',
    hex: "0a0261621002220408ffff03",
  },
  "an identity with an end before 1970": {
    type: "pollen.state.v1.GossipEvent",
    text: 'peer_id: "ab" counter: 3 identity_pub { identity_pub: "\\253" cert_expiry_unix: -1 }',
    hex: "0a02616210032a0e0a01ab10ffffffffffffffffff01",
  },
  "a service with a name beyond ASCII": {
    type: "pollen.state.v1.GossipEvent",
    text: 'peer_id: "ab" counter: 4 service { name: "w\\303\\251b" port: 8080 }',
    hex: "0a026162100432090a0477c3a96210903f",
  },
  "a deleted reachability": {
    type: "pollen.state.v1.GossipEvent",
    text: 'peer_id: "ab" counter: 300 reachability { peer_id: "cd" } deleted: true',
    hex: "0a02616210ac023a040a0263644001",
  },
  "a revocation event with the highest counter": {
    type: "pollen.state.v1.GossipEvent",
    text:
      'peer_id: "ab" counter: 18446744073709551615 revocation { revocation { entry { cluster_id: "\\001" subject_pub: "\\003" revoked_at_unix: 1700000001 issuer_admin_pub: "\\004" } signature: "sigR" } }',
    hex: "0a02616210ffffffffffffffffff014a190a170a0f0a01011201031881e2cfaa06220104120473696752",
  },
  "a deleted accessibility, the flag before the change": {
    type: "pollen.state.v1.GossipEvent",
    text: 'peer_id: "ab" counter: 7 publicly_accessible { } deleted: true',
    hex: "0a026162100740015200",
  },
  "an envelope with a clock": {
    type: "pollen.mesh.v1.Envelope",
    text: 'clock { counters { key: "0a" value: 5 } }',
    hex: "0a080a060a0230611005",
  },
  "an envelope with an empty clock": {
    type: "pollen.mesh.v1.Envelope",
    text: "clock { }",
    hex: "0a00",
  },
  "a punch request": {
    type: "pollen.mesh.v1.Envelope",
    text: 'punch_coord_request { peer_id: "\\006" }',
    hex: "1a030a0106",
  },
  "a punch trigger": {
    type: "pollen.mesh.v1.Envelope",
    text:
      'punch_coord_trigger { peer_id: "\\006" self_addr: "192.0.2.1:1" peer_addr: "[2001:db8::2]:2" }',
    hex: "22210a0106120b3139322e302e322e313a311a0f5b323030313a6462383a3a325d3a32",
  },
  "an invite redemption": {
    type: "pollen.mesh.v1.Envelope",
    text: 'invite_redeem_request { token { signature: "s" } subject_pub: "\\003" }',
    hex: "32080a03120173120103",
  },
  "a refused redemption": {
    type: "pollen.mesh.v1.Envelope",
    text: 'invite_redeem_response { reason: "invite token already consumed" }',
    hex: "3a1f121d696e7669746520746f6b656e20616c726561647920636f6e73756d6564",
  },
  "an accepted redemption": {
    type: "pollen.mesh.v1.Envelope",
    text: 'invite_redeem_response { accepted: true join_token { claims { token_id: "x" } } }',
    hex: "3a0908011a050a030a0178",
  },
  "an observed address": {
    type: "pollen.mesh.v1.Envelope",
    text: 'observed_address { addr: "192.0.2.7:60611" }',
    hex: "42110a0f3139322e302e322e373a3630363131",
  },
  "two events, one of them empty": {
    type: "pollen.mesh.v1.Envelope",
    text: 'events { events { peer_id: "ab" counter: 1 service { name: "a" port: 1 } } events { } }',
    hex: "4a110a0d0a026162100132050a016110010a00",
  },
  "a renewal request": {
    type: "pollen.mesh.v1.Envelope",
    text: 'cert_renewal_request { subject_pub: "\\003" current_cert: "\\000\\001" }',
    hex: "52070a010312020001",
  },
  "a renewal": {
    type: "pollen.mesh.v1.Envelope",
    text: 'cert_renewal_response { accepted: true cert { signature: "c" } }',
    hex: "5a0708011a031a0163",
  },
  "a status with everything in it": {
    type: "pollen.control.v1.GetStatusResponse",
    text:
      'self { node { peer_id: "\\001" } status: NODE_STATUS_ONLINE addr: "10.0.0.1:60611" publicly_accessible: true } nodes { node { peer_id: "\\002" } status: NODE_STATUS_OFFLINE } services { name: "api" provider { peer_id: "\\002" } port: 8080 } connections { peer { peer_id: "\\002" } remote_port: 8080 local_port: 8081 service_name: "api" } certificates { not_before_unix: 1700000000 not_after_unix: -2 serial: 9007199254740993 health: CERT_HEALTH_EXPIRED non_renewable: true }',
    hex:
      "0a190a030a010110011a0e31302e302e302e313a3630363131200112070a030a010210021a0d0a0361706912030a010218903f22100a030a010210903f18913f22036170692a1e0880e2cfaa0610feffffffffffffffff0118818080808080801020032801",
  },
  "a service whose name is there and empty": {
    type: "pollen.control.v1.RegisterServiceRequest",
    text: 'port: 8080 name: ""',
    hex: "08903f1200",
  },
  "a service without a name": {
    type: "pollen.control.v1.RegisterServiceRequest",
    text: "port: 8080",
    hex: "08903f",
  },
  "a connection": {
    type: "pollen.control.v1.ConnectServiceRequest",
    text: 'node { peer_id: "\\002" } remote_port: 8080 local_port: 65535',
    hex: "0a030a010210903f18ffff03",
  },
} as const satisfies Readonly<Record<string, Golden>>;
