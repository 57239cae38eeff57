// The commands over real files and a real control socket, without a process of their own.

import assert from "node:assert/strict";
import { decodeToken } from "../../../lib/auth/mod.ts";
import { systemDisk } from "../../../lib/host/mod.ts";
import type { ConnectServiceRequest, RegisterServiceRequest } from "../../../lib/proto/mod.ts";
import type { GrpcServer } from "../../../lib/server/mod.ts";
import { type PeerKey, peerKeyBytes, PollenError } from "../../../lib/types/mod.ts";
import { inFolder, key, node, pollen, type Ran, withDaemon } from "./support.ts";

function failed(ran: Ran, code: number, text: RegExp): void {
  assert.equal(ran.code, code, ran.stderr);
  assert.equal(ran.stdout, "");
  assert.match(ran.stderr, text);
}

Deno.test("init founds a network once and says the same when run again", () =>
  inFolder(async (dir) => {
    const first = await pollen(["init", "--dir", dir]);
    assert.equal(first.code, 0, first.stderr);
    const lines = first.stdout.split("\n");
    assert.equal(lines[0], "initialized root cluster");
    assert.match(lines[1]!, /^root_pub: [0-9a-f]{64}$/);
    assert.match(lines[2]!, /^cluster_id: [0-9a-f]{64}$/);
    const again = await pollen(["init", "--dir", dir]);
    assert.equal(again.code, 0);
    assert.match(again.stdout, /^already initialized/);
    assert.deepEqual(again.stdout.split("\n").slice(1), lines.slice(1));
    const { stdout } = await pollen(["id", "--dir", dir]);
    assert.match(stdout, /^[0-9a-f]{64}\n$/);
  }));

Deno.test("init and join leave a running daemon's folder alone", () =>
  withDaemon({}, async (dir) => {
    failed(await pollen(["init", "--dir", dir]), 1, /is running.*pollen down/);
    failed(await pollen(["join", "token", "--dir", dir]), 1, /token is cut short/);
    assert.deepEqual([...Deno.readDirSync(dir)].map(({ name }) => name), ["pollen.sock"]);
  }));

Deno.test("id makes no key", () =>
  inFolder(async (dir) => {
    failed(await pollen(["id", "--dir", dir]), 3, /pollen init/);
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  }));

Deno.test("invite prints the token alone and says on standard error what it carries", () =>
  inFolder(async (dir) => {
    await pollen(["init", "--dir", dir]);
    const addresses = [
      `${key("ab")}@192.0.2.7`,
      `${key("ab")}@relay.example:7000`,
      `${key("cd")}@[::1]:1`,
    ];
    const words = ["invite", key("ef"), "--ttl", "1h", "--dir", dir];
    const { code, stdout, stderr } = await pollen([
      ...words,
      ...addresses.flatMap((address) => ["--bootstrap", address]),
    ]);
    assert.equal(code, 0, stderr);
    assert.match(stdout, /^[A-Za-z0-9+/]+=*\n$/);
    assert.match(
      stderr,
      /ab000000 at 192\.0\.2\.7:60611, relay\.example:7000\n {2}cd000000 at \[::1\]:1/,
    );
    assert.match(stderr, /within 1h/);
    const token = decodeToken(stdout);
    assert.equal(token.kind, "invite");
    const { claims } = token.token;
    assert.equal(claims!.expiresAtUnix - claims!.issuedAtUnix, 3600n);
    assert.deepEqual(claims!.bootstrap.map(({ addrs }) => addrs.length), [2, 1]);
  }));

Deno.test("invite asks the daemon for addresses, and warns when they mean nothing elsewhere", () => {
  const self = { peer: node("ab"), addrs: ["192.168.1.5:60611"] };
  return withDaemon(
    { getBootstrapInfo: () => Promise.resolve({ self, forwarders: [] }) },
    async (dir) => {
      await initBeside(dir);
      const { code, stderr, stdout } = await pollen(["invite", "--json", "--dir", dir]);
      assert.equal(code, 0, stderr);
      assert.match(stderr, /192\.168\.1\.5:60611\nNone of these can be reached from outside/);
      const { bootstrap, subject, expiresAt, schemaVersion } = JSON.parse(stdout);
      assert.deepEqual(bootstrap, [{ key: key("ab"), addresses: self.addrs }]);
      assert.deepEqual([subject, expiresAt, schemaVersion], [null, "2026-01-01T00:05:00Z", 1]);
    },
  );
});

Deno.test("invite names members that pass requests on, those for everybody first", () => {
  const self = { peer: node("ab"), addrs: ["192.168.1.5:60611"] };
  const forwarders = [
    { peer: node("cd"), addrs: ["8.8.8.8:7"] },
    { peer: node("ef"), addrs: ["192.168.1.6:60611"] },
  ];
  return withDaemon(
    { getBootstrapInfo: () => Promise.resolve({ self, recommended: self, forwarders }) },
    async (dir) => {
      await initBeside(dir);
      const { stderr, stdout } = await pollen(["invite", "--json", "--dir", dir]);
      const { bootstrap } = JSON.parse(stdout);
      assert.deepEqual(bootstrap.map(({ key }: { key: string }) => key.slice(0, 2)), [
        "cd",
        "ab",
        "ef",
      ]);
      assert.doesNotMatch(stderr, /None of these/);
    },
  );
});

/** Founds a network in a folder whose daemon is played by the test. */
async function initBeside(dir: string): Promise<void> {
  await inFolder(async (other) => {
    await pollen(["init", "--dir", other]);
    await Deno.rename(`${other}/keys`, `${dir}/keys`);
  });
}

Deno.test("invite says what it lacks", () =>
  inFolder(async (dir) => {
    failed(await pollen(["invite", "--dir", dir]), 1, /not part of a network.*pollen init/);
    await pollen(["init", "--dir", dir]);
    const invite = (...words: string[]) => pollen(["invite", "--dir", dir, ...words]);
    failed(await invite(), 6, /not running.*pollen up/);
    failed(await invite("--ttl", "0"), 2, /token ttl must be positive/);
    failed(await invite("--ttl", "soon"), 2, /not a duration/);
    failed(await invite("abcd"), 2, /64 hexadecimal/);
    failed(await invite(key("a"), "--subject", key("a")), 2, /not both/);
    failed(await invite("--bootstrap", "192.0.2.1:1"), 2, /KEY@HOST:PORT/);
  }));

Deno.test("serve registers the port, with its name if it has one", () => {
  const requests: RegisterServiceRequest[] = [];
  const registerService = (request: RegisterServiceRequest) => {
    requests.push(request);
    return Promise.resolve({});
  };
  return withDaemon({ registerService }, async (dir) => {
    const named = await pollen(["serve", "8080", "api", "--dir", dir]);
    assert.equal(named.stdout, 'serving port 8080 as "api"\n');
    const unnamed = await pollen(["serve", "8080", "--json", "--dir", dir]);
    const told = { schemaVersion: 1, port: 8080, transport: "tcp", name: "8080" };
    assert.deepEqual(JSON.parse(unnamed.stdout), told);
    const udp = await pollen(["serve", "--udp", "53", "dns", "--dir", dir]);
    assert.equal(udp.stdout, 'serving port 53/udp as "dns"\n');
    assert.deepEqual(requests, [
      { port: 8080, name: "api", udp: false },
      { port: 8080, udp: false },
      { port: 53, name: "dns", udp: true },
    ]);
    failed(await pollen(["serve", "0", "--dir", dir]), 2, /not a port/);
    failed(await pollen(["serve", "80", "x".repeat(65), "--dir", dir]), 2, /65 characters/);
  });
});

Deno.test("a daemon's refusal is the command's, with its exit code and fix", () => {
  const refusal = new PollenError("refused", "That port is closed.", { fix: "Ask its owner." });
  return withDaemon({ registerService: () => Promise.reject(refusal) }, async (dir) => {
    failed(
      await pollen(["serve", "80", "--dir", dir]),
      7,
      /^That port is closed\. Ask its owner\.\n$/,
    );
  });
});

Deno.test("connect forwards to the one who offers it", () => {
  const requests: ConnectServiceRequest[] = [];
  const connectService = (request: ConnectServiceRequest) => {
    requests.push(request);
    return Promise.resolve({ localPort: 9999 });
  };
  return withDaemon({ connectService }, async (dir) => {
    const { code, stdout, stderr } = await pollen(["connect", "web", "7000", "--dir", dir]);
    assert.equal(code, 0, stderr);
    assert.equal(stdout, "forwarding 127.0.0.1:9999 -> web (bb000000:8080)\n");
    assert.match(stderr, /7000 is taken; 9999/);
    const peerId = peerKeyBytes(key("bb") as PeerKey);
    assert.deepEqual(requests, [{
      node: { peerId },
      remotePort: 8080,
      udp: false,
      localPort: 7000,
      serviceName: "web",
    }]);
    failed(await pollen(["connect", "api", "--dir", dir]), 5, /more than once/);
    failed(await pollen(["connect", "nothing", "--dir", dir]), 3, /No machine/);
  });
});

Deno.test("status shows the tables, or one object", () =>
  withDaemon({}, async (dir) => {
    const text = await pollen(["status", "--dir", dir]);
    assert.match(text.stdout, /^PEERS\n.*\n\nSERVICES\n.*\n\nFORWARDS\n/s);
    const json = JSON.parse((await pollen(["status", "--json", "--dir", dir])).stdout);
    assert.equal(json.schemaVersion, 1);
    assert.equal(json.peers.length, 3);
  }));

Deno.test("without a daemon the commands that need one exit with 6", () =>
  inFolder(async (dir) => {
    for (const words of [["status"], ["serve", "80"], ["connect", "api"]]) {
      failed(await pollen([...words, "--dir", dir]), 6, /not running.*pollen up/);
    }
    failed(await pollen(["down", "--dir", dir]), 6, /nothing to stop/);
    assert.deepEqual([...Deno.readDirSync(dir)], []);
  }));

Deno.test("a daemon whose socket is gone is told from one that does not run", () =>
  inFolder(async (dir) => {
    using _lock = await systemDisk.tryLock(`${dir}/.state.lock`, 0o600);
    failed(
      await pollen(["status", "--dir", dir]),
      6,
      /works on .* somebody removed it\. .*try again/,
    );
  }));

Deno.test("down returns when the daemon has gone, however slowly it goes", () => {
  const asked = Promise.withResolvers<void>();
  const shutdown = () => {
    asked.resolve();
    return Promise.resolve({});
  };
  return withDaemon({ shutdown }, async (dir, server: GrpcServer) => {
    let hasReturned = false;
    const down = pollen(["down", "--dir", dir]).finally(() => hasReturned = true);
    await asked.promise;
    assert.equal(hasReturned, false);
    await server.close();
    assert.deepEqual(await down, { code: 0, stdout: "node stopped\n", stderr: "" });
  });
});

Deno.test("down can be interrupted while it waits", () => {
  const controller = new AbortController();
  const shutdown = () => {
    queueMicrotask(() => controller.abort());
    return Promise.resolve({});
  };
  return withDaemon({ shutdown }, async (dir) => {
    const { signal } = controller;
    failed(await pollen(["down", "--dir", dir], { signal }), 130, /Interrupted/);
  });
});

Deno.test("purge asks a person, and takes only yes for a yes", () =>
  inFolder(async (dir) => {
    await pollen(["init", "--dir", dir]);
    const answer = (line: string) =>
      pollen(["purge", "--dir", dir], {
        isInteractive: true,
        readLine: () => Promise.resolve(line),
      });
    for (const line of ["", "y", "no", "yes please"]) {
      failed(await answer(line), 1, /keys\/cluster\.trust\.pb\n.*Type "yes".*Nothing was removed/s);
    }
    const { code, stdout, stderr } = await answer(" YES\r");
    assert.deepEqual([code, stdout], [0, "local state purged\n"]);
    assert.match(stderr, /root key of [0-9a-f]{64} is kept\. Remove it with: --delete-root-key/);
    const keys = [...Deno.readDirSync(`${dir}/keys`)].map(({ name }) => name).sort();
    assert.deepEqual(keys, [
      ...[".keys.lock", "admin_ed25519.key", "admin_ed25519.pub", "ed25519.key", "ed25519.pub"],
    ]);
  }));

Deno.test("purge clears damaged credentials, and keeps a root key that it cannot read", () =>
  inFolder(async (dir) => {
    await pollen(["init", "--dir", dir]);
    for (const name of ["cluster.trust.pb", "membership.cert.pb", "admin_ed25519.key"]) {
      await Deno.writeTextFile(`${dir}/keys/${name}`, "damaged");
    }
    const wrong = await pollen(["purge", "--yes", "--delete-root-key", "ab", "--dir", dir]);
    failed(wrong, 2, /root key that cannot be read/);
    const { code, stderr } = await pollen(["purge", "--yes", "--all", "--dir", dir]);
    assert.equal(code, 0, stderr);
    assert.match(stderr, /^The root key is kept\.\n$/);
    const keys = [...Deno.readDirSync(`${dir}/keys`)].map(({ name }) => name).sort();
    assert.deepEqual(keys, [".keys.lock", "admin_ed25519.key", "admin_ed25519.pub"]);
  }));
