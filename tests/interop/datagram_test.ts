// Datagrams (RFC 9221) between our engine and quiche.

import { deepEqual, equal, throws } from "node:assert/strict";
import { inTime, pattern, present } from "../quic/support.ts";
import { sessionTest } from "./support.ts";

sessionTest("datagrams go both ways, whole, up to what each end announces", async (pair) => {
  const { ours, theirs } = pair;
  const { datagramBytesMax } = ours.stats();
  for (const length of [1, 1_000, datagramBytesMax]) {
    equal(ours.sendDatagram(pattern(length)), "sent");
    const received = await inTime(theirs.receiveDatagram(), "a datagram");
    deepEqual(Uint8Array.from(received!), pattern(length));
  }
  const theirMax = theirs.raw.dgramMaxWritableLen()!;
  for (const length of [1, 1_000, theirMax]) {
    theirs.sendDatagram(pattern(length));
    deepEqual(await inTime(ours.receiveDatagram(), "a datagram"), pattern(length));
  }
  throws(() => theirs.sendDatagram(pattern(65_000)));
  equal(ours.sendDatagram(pattern(65_000)), "too_large");
});

sessionTest("a burst of datagrams arrives beside a stream", async ({ ours, theirs }) => {
  const stream = await ours.openStream();
  await stream.write(pattern(30_000));
  stream.finish();
  const missing = new Set(Array.from({ length: 100 }, (_, index) => index));
  const send = () => missing.forEach((index) => ours.sendDatagram(Uint8Array.of(index)));
  send();
  // A busy machine may lose some; all must get through in the end.
  const again = setInterval(send, 2_000);
  try {
    while (missing.size > 0) {
      missing.delete((await inTime(theirs.receiveDatagram(), "a datagram"))![0]!);
    }
  } finally {
    clearInterval(again);
  }
  const accepted = present(await inTime(theirs.acceptStream(), "a stream"));
  deepEqual(await inTime(accepted.readAll(), "the stream"), pattern(30_000));
});
