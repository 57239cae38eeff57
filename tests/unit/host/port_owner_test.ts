// Who has a port.

import assert from "node:assert/strict";
import { portOwner } from "../../../lib/host/mod.ts";

Deno.test({
  name: "the program that listens on a port is named, on Linux",
  ignore: Deno.build.os !== "linux",
  async fn() {
    const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = listener.addr;
    const comm = (await Deno.readTextFile("/proc/self/comm")).trim();
    assert.equal(await portOwner(port), `${comm} (process ${Deno.pid})`);
    listener.close();
    assert.equal(await portOwner(port), null);
  },
});
