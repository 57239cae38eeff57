// The typed glue over a real Unix socket: what comes through, what is refused, and how it ends.

import assert from "node:assert/strict";
import { ControlService, GetStatusResponse, type ServiceSummary } from "../../../lib/proto/mod.ts";
import { client, type Handlers, implement, type RpcClient, serve } from "../../../lib/rpc/mod.ts";
import { type Log, PollenError, silentLog } from "../../../lib/types/mod.ts";

type ControlHandlers = Handlers<typeof ControlService>;

const idle: ControlHandlers = {
  shutdown: () => Promise.resolve({}),
  getBootstrapInfo: () => Promise.resolve({ forwarders: [] }),
  getStatus: () => Promise.resolve(GetStatusResponse.create()),
  registerService: () => Promise.resolve({}),
  connectService: () => Promise.resolve({ localPort: 0 }),
  unregisterService: ({ port }) => Promise.resolve({ port, names: [] }),
  disconnectService: () => Promise.resolve({ disconnected: [] }),
  connectPeer: () => Promise.resolve({}),
  revokePeer: () => Promise.resolve({}),
};

interface Setup {
  readonly handlers?: Partial<ControlHandlers>;
  readonly log?: Log;
  readonly serverBytesMax?: number;
  readonly clientBytesMax?: number;
}

async function withService(
  { handlers = {}, log = silentLog, serverBytesMax, clientBytesMax }: Setup,
  body: (rpc: RpcClient<typeof ControlService>, address: string) => Promise<void>,
): Promise<void> {
  const dir = await Deno.makeTempDir({ prefix: "pollen-rpc-" });
  const address = `unix:${dir}/rpc.sock`;
  const bound = (bytes?: number) => bytes === undefined ? {} : { messageBytesMax: bytes };
  const server = await serve({
    services: [implement(ControlService, { ...idle, ...handlers })],
    addresses: [address],
    log,
    ...bound(serverBytesMax),
  });
  const rpc = client(ControlService, { address, ...bound(clientBytesMax) });
  try {
    await body(rpc, address);
  } finally {
    rpc.close();
    await server.close();
    await Deno.remove(dir, { recursive: true });
  }
}

async function failureOf(call: Promise<unknown>): Promise<PollenError> {
  const thrown = await call.then(() => undefined, (thrown: unknown) => thrown);
  assert(thrown instanceof PollenError, `a PollenError, not ${thrown}`);
  return thrown;
}

/** A handler that answers only when its call is aborted, and what it saw then. */
function waiting() {
  const started = Promise.withResolvers<void>();
  const aborted = Promise.withResolvers<PollenError>();
  let count = 0;
  const handler: ControlHandlers["getStatus"] = (_, { signal }) => {
    count++;
    started.resolve();
    return new Promise((_, reject) => {
      const end = () => {
        aborted.resolve(signal.reason);
        reject(signal.reason);
      };
      if (signal.aborted) end();
      else signal.addEventListener("abort", end);
    });
  };
  return { handler, started: started.promise, aborted: aborted.promise, count: () => count };
}

function services(count: number): ServiceSummary[] {
  return Array.from({ length: count }, (_, index) => ({ name: "x".repeat(64), port: index + 1 }));
}

Deno.test("a request arrives whole and so does its answer", async () => {
  const names: (string | undefined)[] = [];
  const registerService: ControlHandlers["registerService"] = ({ name }) => {
    names.push(name);
    return Promise.resolve({});
  };
  await withService({ handlers: { registerService } }, async ({ calls }) => {
    await calls.registerService({ port: 8080 });
    await calls.registerService({ port: 8080, name: "grüße" });
    assert.deepEqual(await calls.connectService({ remotePort: 1 }), { localPort: 0 });
  });
  assert.deepEqual(names, [undefined, "grüße"]);
});

Deno.test("a PollenError crosses with code, message, fix and details, in any script", async () => {
  const sent = new PollenError("ambiguous", "Zwei Dienste heißen „api“. 二つ。", {
    fix: "Nenne einen → pollen connect api 12ab.",
    details: { count: 2, isFinal: true, name: "api" },
    cause: new Error("a secret of the server"),
  });
  await withService({ handlers: { getStatus: () => Promise.reject(sent) } }, async ({ calls }) => {
    const got = await failureOf(calls.getStatus({}));
    assert.deepEqual(
      [got.code, got.message, got.fix, got.details, got.cause],
      [sent.code, sent.message, sent.fix, sent.details, undefined],
    );
  });
});

Deno.test("a foreign error becomes internal, tells nothing, and is logged with its cause", async () => {
  const lines: unknown[] = [];
  const log = { ...silentLog, error: (...line: unknown[]) => void lines.push(line) };
  const getStatus = () => Promise.reject(new TypeError("secret"));
  await withService({ handlers: { getStatus }, log }, async ({ calls }) => {
    const got = await failureOf(calls.getStatus({}));
    assert.equal(got.code, "internal");
    assert.doesNotMatch(JSON.stringify([got.text, got.details]), /secret/);
    assert.match(got.fix ?? "", /log/);
  });
  assert.match(JSON.stringify(lines), /GetStatus.*secret/);
});

Deno.test("a handler that throws before its promise is answered for too", async () => {
  const getStatus = () => {
    throw new PollenError("refused", "No.");
  };
  await withService({ handlers: { getStatus } }, async ({ calls }) => {
    assert.equal((await failureOf(calls.getStatus({}))).code, "refused");
  });
});

Deno.test("a call past its deadline fails with timeout, and the handler hears of it", async () => {
  const { handler, aborted, count } = waiting();
  await withService({ handlers: { getStatus: handler } }, async ({ calls }) => {
    // A machine may be so slow that the time is over before the handler is reached.
    for (let timeoutMs = 50; count() === 0; timeoutMs *= 2) {
      assert.equal((await failureOf(calls.getStatus({}, { timeoutMs }))).code, "timeout");
    }
    assert.match((await aborted).code, /timeout|cancelled/);
  });
});

Deno.test("a withdrawn call fails with cancelled, and the handler hears of it", async () => {
  const { handler, started, aborted } = waiting();
  await withService({ handlers: { getStatus: handler } }, async ({ calls }) => {
    const controller = new AbortController();
    const call = failureOf(calls.getStatus({}, { signal: controller.signal }));
    await started;
    controller.abort();
    assert.equal((await call).code, "cancelled");
    assert.equal((await aborted).code, "cancelled");
    const late = failureOf(calls.getStatus({}, { signal: controller.signal }));
    assert.equal((await late).code, "cancelled");
  });
});

Deno.test("a caller that hangs up withdraws its calls", async () => {
  const { handler, started, aborted } = waiting();
  await withService({ handlers: { getStatus: handler } }, async ({ calls, close }, address) => {
    const other = client(ControlService, { address });
    const controller = new AbortController();
    const call = failureOf(other.calls.getStatus({}, { signal: controller.signal }));
    await started;
    controller.abort(new PollenError("cancelled", "Interrupted."));
    other.close();
    assert.equal((await call).message, "Interrupted.");
    await aborted;
    await calls.shutdown({});
    close();
  });
});

Deno.test("a request beyond the client's bound is not sent, one beyond the server's is refused", async () => {
  const name = "x".repeat(4096);
  await withService({ clientBytesMax: 1024 }, async ({ calls }) => {
    assert.equal((await failureOf(calls.registerService({ port: 1, name }))).code, "too_large");
  });
  await withService({ serverBytesMax: 1024 }, async ({ calls }) => {
    assert.equal((await failureOf(calls.registerService({ port: 1, name }))).code, "too_large");
    await calls.shutdown({});
  });
});

Deno.test("an answer beyond the server's bound is an error, one beyond the client's too", async () => {
  const getStatus = () => Promise.resolve(GetStatusResponse.create({ services: services(100) }));
  for (const bounds of [{ serverBytesMax: 1024 }, { clientBytesMax: 1024 }]) {
    await withService({ handlers: { getStatus }, ...bounds }, async ({ calls }) => {
      assert.equal((await failureOf(calls.getStatus({}))).code, "too_large");
      await calls.shutdown({});
    });
  }
});

Deno.test("an answer of a megabyte comes through", async () => {
  const answer = GetStatusResponse.create({ services: services(14_000) });
  await withService(
    { handlers: { getStatus: () => Promise.resolve(answer) } },
    async ({ calls }) => {
      assert.equal((await calls.getStatus({})).services.length, 14_000);
    },
  );
});

// grpc-js leaves the timer of its next attempt behind, which holds nobody up.
Deno.test(
  "without a server a call fails with unavailable",
  { sanitizeOps: false, sanitizeResources: false },
  async () => {
    using rpc = client(ControlService, { address: "unix:/nowhere/at/all.sock" });
    assert.equal((await failureOf(rpc.calls.getStatus({}))).code, "unavailable");
  },
);

Deno.test("an address that cannot be bound is an io error", async () => {
  const address = "unix:/nowhere/at/all.sock";
  const services = [implement(ControlService, idle)];
  const options = { services, addresses: [address], log: silentLog };
  assert.equal((await failureOf(serve(options))).code, "io");
});

Deno.test("closing lets a running call end, and cuts it off when the grace is over", async () => {
  const dir = await Deno.makeTempDir({ prefix: "pollen-rpc-" });
  const address = `unix:${dir}/rpc.sock`;
  const { handler, started } = waiting();
  const server = await serve({
    services: [implement(ControlService, { ...idle, getStatus: handler })],
    addresses: [address],
    log: silentLog,
  });
  using rpc = client(ControlService, { address });
  const call = failureOf(rpc.calls.getStatus({}));
  await started;
  await server.close(20);
  assert.match((await call).code, /unavailable|cancelled/);
  await Deno.remove(dir, { recursive: true });
});
