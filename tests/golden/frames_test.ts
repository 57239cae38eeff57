// pollen/2 against bytes that are not ours, beyond the messages themselves: signatures, fingerprints,
// heads and lengths.

import { deepEqual, equal } from "node:assert/strict";
import { eventSigner, verifyEvent } from "../../lib/auth/mod.ts";
import { framed } from "../../lib/mesh/framing.ts";
import { Frame, type GossipEvent } from "../../lib/proto/mod.ts";
import { AuthorLog } from "../../lib/store/core_log.ts";
import { decodeMemberEvent, encodeMemberEvent } from "../../lib/store/core_signed.ts";
import {
  ALPN_MEMBER_2,
  type PeerKey,
  streamHead,
  StreamKind,
  tunnelHead,
} from "../../lib/types/mod.ts";
import { goldenBytes, goldenEntries } from "./golden.ts";
import { NODE } from "./network.ts";
import { FRAME_VALUES, MEMBER_EVENTS } from "./values/frames.ts";

const SIGNED = [FRAME_VALUES["a signed event"], FRAME_VALUES["another signed event"]];

Deno.test("an event is signed as others sign it, and theirs verify", () => {
  const sign = eventSigner(NODE);
  for (const { event, signature } of SIGNED) {
    deepEqual(sign(event), signature);
    equal(verifyEvent(NODE.publicKey, event, signature), true);
    equal(verifyEvent(NODE.publicKey, event.slice(1), signature), false);
  }
});

Deno.test("what was signed means an event of pollen/1, and is written the same again", () => {
  for (const name of Object.keys(MEMBER_EVENTS)) {
    const event = decodeMemberEvent(goldenBytes(name))!;
    equal(event.peerId, NODE.publicKey.toHex());
    deepEqual(encodeMemberEvent(event), goldenBytes(name), name);
  }
});

Deno.test("a fingerprint is that of the events as they travel", () => {
  const node = NODE.publicKey.toHex() as PeerKey;
  const log = new AuthorLog();
  for (const [index, signed] of SIGNED.entries()) {
    log.put(`${index}`, decodeMemberEvent(signed.event) as GossipEvent, signed);
  }
  const position = log.position!;
  const golden = [FRAME_VALUES["a position"], ...FRAME_VALUES["a summary"].positions]
    .find(({ author }) => author.toHex() === node)!;
  equal(position.counter, golden.counter);
  equal(position.fingerprint.toString(16).padStart(16, "0"), golden.fingerprint.toHex());
});

Deno.test("a stream begins with its kind and argument, a frame with its length", () => {
  let ports = 0;
  for (const { name, bytes } of goldenEntries()) {
    const port = /^the head of a pollen\/2 tunnel to port (\d+)$/.exec(name)?.[1];
    if (port === undefined) continue;
    deepEqual(tunnelHead(ALPN_MEMBER_2, Number(port)), bytes, name);
    ports++;
  }
  equal(ports, 4);
  deepEqual(streamHead(StreamKind.control, 0), goldenBytes("the head of a control stream"));
  const hello = Frame.encode(FRAME_VALUES["a frame: hello"]);
  deepEqual(framed(hello), goldenBytes("a hello on its stream"));
});
