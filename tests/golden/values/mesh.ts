// The messages of mesh.golden.

import type {
  CertRenewalRequest,
  CertRenewalResponse,
  Envelope,
  InviteRedeemRequest,
  InviteRedeemResponse,
  ObservedAddress,
  PunchCoordRequest,
  PunchCoordTrigger,
} from "../../../lib/proto/mod.ts";
import { JOIN_TOKEN, MEMBERSHIP, NODE, OPEN_INVITE, OTHER } from "../network.ts";
import { BATCH, CLOCK } from "./state.ts";

const punchRequest: PunchCoordRequest = { peerId: OTHER.publicKey };
const punchTrigger: PunchCoordTrigger = {
  peerId: OTHER.publicKey,
  selfAddr: "192.0.2.1:1",
  peerAddr: "[2001:db8::2]:65535",
};
const redemption: InviteRedeemRequest = { token: OPEN_INVITE, subjectPub: NODE.publicKey };
const redeemed: InviteRedeemResponse = { accepted: true, reason: "", joinToken: JOIN_TOKEN };
const refused: InviteRedeemResponse = {
  accepted: false,
  reason: "invite token already consumed",
};
const observed: ObservedAddress = { addr: "192.0.2.7:60611" };
const renewalRequest: CertRenewalRequest = {
  subjectPub: NODE.publicKey,
  currentCert: Uint8Array.of(0, 1),
};
const renewal: CertRenewalResponse = { accepted: true, reason: "", cert: MEMBERSHIP };
const refusedRenewal: CertRenewalResponse = {
  accepted: false,
  reason: "this node is not an admin",
};

function envelope(body: NonNullable<Envelope["body"]>): Envelope {
  return { body };
}

export const MESH_VALUES = {
  "a punch request": punchRequest,
  "a punch trigger": punchTrigger,
  "a redemption": redemption,
  "an accepted redemption": redeemed,
  "a refused redemption": refused,
  "an observed address": observed,
  "a renewal request": renewalRequest,
  "a renewal": renewal,
  "a refused renewal": refusedRenewal,
  "an envelope: clock": envelope({ kind: "clock", value: CLOCK }),
  "an envelope: empty clock": envelope({ kind: "clock", value: { counters: new Map() } }),
  "an envelope: punch request": envelope({ kind: "punchCoordRequest", value: punchRequest }),
  "an envelope: punch trigger": envelope({ kind: "punchCoordTrigger", value: punchTrigger }),
  "an envelope: redemption": envelope({ kind: "inviteRedeemRequest", value: redemption }),
  "an envelope: redeemed": envelope({ kind: "inviteRedeemResponse", value: redeemed }),
  "an envelope: observed address": envelope({ kind: "observedAddress", value: observed }),
  "an envelope: events": envelope({ kind: "events", value: BATCH }),
  "an envelope: renewal request": envelope({ kind: "certRenewalRequest", value: renewalRequest }),
  "an envelope: renewal": envelope({ kind: "certRenewalResponse", value: renewal }),
} as const;
