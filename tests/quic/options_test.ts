// What an engine is opened with: congestion control, and traces for those who debug.

import assert from "node:assert/strict";
import { openEngine } from "../../lib/quic/mod.ts";
import { type Congestion, CONGESTIONS } from "../../lib/types/mod.ts";
import {
  ALPN,
  connect,
  openStreamPair,
  pattern,
  protocol,
  readAll,
  sha256,
  until,
} from "./support.ts";

const ANY = { ip: "127.0.0.1", port: 0 };

interface TraceEvent {
  readonly name: string;
  readonly data: {
    readonly header?: { readonly packet_type: string };
    readonly congestion_window?: number;
    readonly pacing_rate?: number;
  };
}

/** The records of a JSON text sequence (RFC 7464), each checked. */
function parseSequence(text: string): unknown[] {
  assert.equal(text[0], "\x1e");
  return text.slice(1).split("\x1e").map((record) => {
    assert.ok(record.endsWith("\n"));
    return JSON.parse(record);
  });
}

/** Moves bytes between two engines that trace; gives the events of each side. */
async function traced(
  congestion: Congestion,
): Promise<Record<"client" | "server", TraceEvent[]>> {
  const folder = await Deno.makeTempDir({ prefix: "pollen-qlog-" });
  try {
    const qlogDir = `${folder}/made/for/it`;
    const open = () => openEngine({ address: ANY, protocols: [protocol()], congestion, qlogDir });
    const [client, server] = [await open(), await open()];
    const pair = await connect(client, server);
    pair.near.admit();
    pair.far.admit();
    const { ours, theirs } = await openStreamPair(pair);
    const bytes = pattern(2_000_000);
    const writing = ours.write(bytes).then(() => ours.finish());
    assert.equal(sha256(await readAll(theirs)), sha256(bytes));
    await writing;
    await Promise.all([client.close("done"), server.close("done")]);
    const events: Record<"client" | "server", TraceEvent[]> = { client: [], server: [] };
    for await (const { name } of Deno.readDir(qlogDir)) {
      const side = /^\d+-1-(client|server)\.sqlog$/.exec(name)?.[1] as "client" | "server";
      assert.ok(side !== undefined, name);
      const path = `${qlogDir}/${name}`;
      if (Deno.build.os !== "windows") assert.equal((await Deno.stat(path)).mode! & 0o777, 0o600);
      const [head, ...rest] = parseSequence(await Deno.readTextFile(path));
      assert.equal((head as { qlog_format: string }).qlog_format, "JSON-SEQ");
      events[side] = rest as TraceEvent[];
    }
    return events;
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}

for (const congestion of CONGESTIONS) {
  Deno.test(`${congestion} moves bytes, and a trace shows handshake and ${congestion}`, async () => {
    const { client, server } = await traced(congestion);
    for (const events of [client, server]) {
      const types = (name: string) =>
        new Set(events.filter((e) => e.name === name).map((e) => e.data.header?.packet_type));
      for (const name of ["transport:packet_sent", "transport:packet_received"]) {
        assert.deepEqual(types(name), new Set(["initial", "handshake", "1RTT"]));
      }
    }
    // Only BBR has a rate of its own to tell.
    const rates = client.filter(({ data }) => data.pacing_rate !== undefined);
    assert.ok(client.some(({ data }) => data.congestion_window !== undefined));
    assert.equal(rates.length > 0, congestion === "bbr");
  });
}

Deno.test("without a folder nothing is traced, and an option that is none is refused", async () => {
  const engine = await openEngine({ address: ANY, protocols: [protocol()] });
  await engine.close("");
  const options = { address: ANY, protocols: [] };
  await assert.rejects(openEngine({ ...options, congestion: "reno" as Congestion }), {
    code: "invalid_argument",
    message: /"reno"/,
  });
  const file = await Deno.makeTempFile();
  await assert.rejects(openEngine({ ...options, qlogDir: `${file}/below` }), { code: "io" });
  await Deno.remove(file);
});

Deno.test("traces are bounded in number", async () => {
  const qlogDir = await Deno.makeTempDir({ prefix: "pollen-qlog-" });
  const client = await openEngine({ address: ANY, protocols: [protocol()], qlogDir });
  const server = await openEngine({ address: ANY, protocols: [protocol()] });
  for (let index = 0; index < 80; index++) {
    const dial = client.dial(server.localAddress, { alpn: ALPN, timeoutMs: 10_000 });
    const [near, far] = await Promise.all([dial, server.accept()]);
    near.close("next");
    await far!.closed;
    // Only a session that is gone for good gives its file up.
    await until(() => client.stats().sessions <= 8, "room");
  }
  await Promise.all([client.close(""), server.close("")]);
  const names = [...Deno.readDirSync(qlogDir)].map(({ name }) => Number(name.split("-")[1]));
  assert.equal(names.length, 64);
  assert.equal(Math.max(...names), 80);
  await Deno.remove(qlogDir, { recursive: true });
});
