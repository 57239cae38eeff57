// Redeeming an invite through somebody who is not to have it: the request is sealed to the key that
// issued the invite, and the answer to the one who asks. Who passes them on sees neither, so it can
// neither redeem an open invite for a key of its own choice nor say no in the issuer's name.
//
// Whose key it is that asks, TLS proves to the first node alone; so the request is signed with it.

import { Buffer } from "node:buffer";
import { ed25519 } from "@noble/curves/ed25519.js";
import { InviteRedeemResponse, InviteToken, Redemption, SealedRedemption } from "../proto/mod.ts";
import {
  INVITE_MESSAGE_BYTES_MAX,
  PEER_KEY_BYTES,
  type PeerKey,
  peerKeyFromBytes,
  PollenError,
  type Random,
} from "../types/mod.ts";
import {
  openingWith,
  openUnder,
  SEAL_KEY_BYTES,
  SEAL_NONCE_BYTES,
  SEAL_SECRET_BYTES,
  type SealingContext,
  sealingTo,
  sealUnder,
} from "./hpke.ts";
import { redemptionSigner, verifyRedemption } from "./events.ts";
import type { SigningKey } from "./signature.ts";
import { isSameBytes } from "./trust.ts";

const INFO = "pollen/2 redemption";
const ANSWER_LABEL = "pollen/2 answer";

/** A request that is on its way. */
export interface SentRedemption {
  /** What to send. */
  readonly request: SealedRedemption;
  /** What was answered; null when it is not the issuer's answer to this request. */
  open(sealed: Uint8Array): InviteRedeemResponse | null;
}

/** A request that arrived where it can be read. */
export interface OpenedRedemption {
  readonly token: InviteToken;
  /** Who asks; proved. */
  readonly subject: PeerKey;
  /** The answer as only the one who asks can read it. */
  seal(answer: InviteRedeemResponse): Uint8Array;
}

/**
 * Seals an invite, which has been verified, to its issuer.
 *
 * @throws {PollenError} `unauthenticated` when the issuer's key is none to seal to.
 */
export function sealRedemption(
  token: InviteToken,
  subject: SigningKey,
  random: Random,
): SentRedemption {
  const { clusterId } = token.claims!.trust!;
  const issuerPub = token.claims!.issuer!.claims!.adminPub;
  const context = inContext(() =>
    sealingTo(ed25519.utils.toMontgomery(issuerPub), INFO, random.bytes(SEAL_KEY_BYTES))
  );
  const { encapsulated } = context;
  const signature = redemptionSigner(subject)(signedBytes(issuerPub, encapsulated, token));
  const plaintext = Redemption.encode({ token, subjectPub: subject.publicKey, signature });
  return {
    request: {
      issuerPub,
      encapsulated,
      ciphertext: context.seal(plaintext, Buffer.concat([clusterId, issuerPub])),
      clusterId,
    },
    open(sealed) {
      const bytes = openUnder(answerKey(context), sealed);
      return bytes === null ? null : InviteRedeemResponse.decode(bytes);
    },
  };
}

/**
 * Opens a request with the administrator's key that it is sealed to.
 *
 * @throws {PollenError} `unauthenticated` when it was sealed to another key, or the one who asks does
 *   not prove its own; `malformed`.
 */
export function openRedemption(
  { issuerPub, encapsulated, ciphertext, clusterId }: SealedRedemption,
  issuer: SigningKey,
  random: Random,
): OpenedRedemption {
  if (!isSameBytes(issuerPub, issuer.publicKey) || encapsulated.length !== SEAL_KEY_BYTES) {
    throw unreadable();
  }
  const privateKey = ed25519.utils.toMontgomerySecret(issuer.seed);
  const context = inContext(() => openingWith(privateKey, INFO, encapsulated));
  const plaintext = context.open(ciphertext, Buffer.concat([clusterId, issuerPub]));
  if (plaintext === null) throw unreadable();
  const { token, subjectPub, signature } = Redemption.decode(plaintext, {
    bytes: INVITE_MESSAGE_BYTES_MAX,
  });
  if (token === undefined || subjectPub.length !== PEER_KEY_BYTES) throw unreadable();
  const signed = signedBytes(issuerPub, encapsulated, token);
  if (!verifyRedemption(subjectPub, signed, signature)) throw unreadable();
  return {
    token,
    subject: peerKeyFromBytes(subjectPub),
    // A request may come twice, and have two answers: the nonce is another one each time.
    seal: (answer) =>
      sealUnder(
        answerKey(context),
        random.bytes(SEAL_NONCE_BYTES),
        InviteRedeemResponse.encode(answer),
      ),
  };
}

function answerKey(context: SealingContext): Uint8Array {
  return context.export(ANSWER_LABEL, SEAL_SECRET_BYTES);
}

/** What ties a request to the key that asks, to the one that is asked, and to this very sealing. */
function signedBytes(issuerPub: Uint8Array, encapsulated: Uint8Array, token: InviteToken) {
  return Buffer.concat([issuerPub, encapsulated, InviteToken.encode(token)]);
}

function inContext<T>(make: () => T): T {
  try {
    return make();
  } catch (cause) {
    // The library throws for points that are none, or of small order.
    throw new PollenError("unauthenticated", "That key is none to seal to.", { cause });
  }
}

function unreadable(): PollenError {
  return new PollenError("unauthenticated", "The request was not sealed for this administrator.");
}
