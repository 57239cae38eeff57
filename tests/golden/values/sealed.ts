// The messages of sealed.golden.

import {
  type Redemption,
  RedemptionFailure,
  type SealedAnswer,
  type SealedRedemption,
} from "../../../lib/proto/mod.ts";
import { goldenBytes } from "../golden.ts";
import { CLUSTER, NODE, OPEN_INVITE, ROOT } from "../network.ts";

/** What was sealed and signed is bytes; they are taken as they are. */
const bytesOf = (name: string) => goldenBytes(name);

const CIPHERTEXT_HEAD_BYTES = 3;
const CLUSTER_FIELD_BYTES = 34;
const sealedRequest = bytesOf("a sealed redemption");

const redemption: Redemption = {
  token: OPEN_INVITE,
  subjectPub: NODE.publicKey,
  signature: bytesOf("a redemption to be sealed").slice(-64),
};
const sealed: SealedRedemption = {
  issuerPub: ROOT.publicKey,
  encapsulated: sealedRequest.slice(36, 68),
  ciphertext: sealedRequest.slice(68 + CIPHERTEXT_HEAD_BYTES, -CLUSTER_FIELD_BYTES),
  clusterId: CLUSTER,
};
const refusal: SealedAnswer = {
  sealed: bytesOf("a sealed refusal").slice(2),
  failure: RedemptionFailure.UNSPECIFIED,
};

export const SEALED_VALUES = {
  "a redemption to be sealed": redemption,
  "a sealed redemption": sealed,
  "a sealed refusal": refusal,
  "a sealed redemption without answer": {
    sealed: new Uint8Array(0),
    failure: RedemptionFailure.UNANSWERED,
  } satisfies SealedAnswer,
};
