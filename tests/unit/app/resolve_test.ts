// From texts to socket addresses: literals as they are, names by this machine, the rest left out.

import { deepEqual, ok } from "node:assert/strict";
import { resolveAddresses } from "../../../lib/app/resolve.ts";

Deno.test("literals stay as they are, in order; what is malformed or unknown is left out", async () => {
  deepEqual(
    await resolveAddresses([
      "192.0.2.1:60611",
      "nonsense",
      "192.0.2.1:0",
      "[2001:db8::1]:5",
      "no-such-name.invalid:1",
    ]),
    [{ ip: "192.0.2.1", port: 60_611 }, { ip: "2001:db8::1", port: 5 }],
  );
  deepEqual(await resolveAddresses([]), []);
});

Deno.test("a name becomes every address this machine knows for it", async () => {
  const found = await resolveAddresses(["localhost:7"]);
  ok(found.length >= 1);
  for (const { ip, port } of found) {
    ok(ip === "127.0.0.1" || ip === "::1", ip);
    deepEqual(port, 7);
  }
});
