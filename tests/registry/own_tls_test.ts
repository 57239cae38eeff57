// TLS without certificates from elsewhere: whoever trusts this machine's authority reaches both doors,
// also after the next start; nobody else does.

import { deepEqual, equal, rejects } from "node:assert/strict";
import { ownTls } from "../../lib/app/registry_tls.ts";
import { orchion } from "../../lib/proto/mod.ts";
import { client } from "../../lib/rpc/mod.ts";
import { openTestRegistry } from "./support.ts";

Deno.test({
  name: "a registry encrypts with a certificate of its machine's own, which outlives its starts",
  // grpc-js rests for a while after a handshake that failed, closed or not.
  sanitizeOps: false,
  sanitizeResources: false,
  fn: encrypted,
});

async function encrypted(): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "pollen-tls-" });
  try {
    const { authorityPath } = await ownTls(dir, []);
    const trust = await Deno.readTextFile(authorityPath);
    // Another start, under another name.
    const { tls } = await ownTls(dir, ["registry.example"]);
    await using opened = await openTestRegistry({ tls, allowedHosts: ["registry.example"] });
    using agent = client(orchion.Orchestrator, {
      address: `localhost:${opened.server.port}`,
      trust,
    });
    await agent.calls.registerNode({ node: orchion.Node.create({ id: "a" }) });
    const url = `https://127.0.0.1:${opened.server.httpPort}/api/nodes`;
    using http = Deno.createHttpClient({ caCerts: [trust] });
    deepEqual((await (await fetch(url, { client: http })).json())[0].id, "a");
    await rejects(fetch(url), (thrown) => /UnknownIssuer/.test(Deno.inspect(thrown)));
    for (
      const [name, mode] of [["registry_ca_key.pem", 0o600], ["registry_ca.pem", 0o644]] as const
    ) {
      equal((await Deno.stat(`${dir}/${name}`)).mode! & 0o777, mode);
    }
    await Deno.writeTextFile(authorityPath, "damaged");
    await rejects(ownTls(dir, []), /is damaged/);
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}
