// On a fresh Debian: the portable file alone forms a network of two and carries a tunnel; the deb
// installs, says what to do without systemd, and goes as it was told to.

import { join } from "../../paths.ts";
import type { DebianRoot } from "./debian_root.ts";
import { demand, step } from "./steps.ts";

const LOCAL = "--port 0 --ips 127.0.0.1";

async function fileOf(release: string, pattern: RegExp): Promise<string> {
  for await (const { name } of Deno.readDir(release)) {
    if (pattern.test(name)) return join(release, name);
  }
  throw new Error(`The release has no ${pattern}.`);
}

/** A network of two on one machine, and bytes from one to the other, by the words of the README. */
async function useNetwork(root: DebianRoot, program: string, folder: string): Promise<void> {
  const a = `${program} --dir ${folder}/a`;
  const b = `${program} --dir ${folder}/b`;
  await root.must(`mkdir -p ${folder} && ${a} init && ${a} up -d ${LOCAL}`);
  const token = (await root.must(`${a} invite 2>/dev/null`)).trim();
  await root.must(`${b} join --no-start ${token} && ${b} up -d ${LOCAL}`);
  // The service is the only TCP server that a bare Debian has: the control interface of nothing. So
  // perl, which is essential, serves one line.
  const server =
    `perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(LocalAddr=>"127.0.0.1:8080",` +
    `Listen=>5,ReuseAddr=>1) or die; while($c=$s->accept){print $c "hello from b\\n"; close $c}'`;
  await root.must(`(${server}) >/dev/null 2>&1 &`);
  await root.must(`${b} serve 8080 api`);
  await root.must(
    `for i in $(seq 100); do ${a} connect api --local-port 9000 >/dev/null 2>&1 && exit 0; ` +
      `sleep 0.1; done; ${a} connect api --local-port 9000`,
  );
  const client =
    `perl -MIO::Socket::INET -e '$s=IO::Socket::INET->new(PeerAddr=>"127.0.0.1:9000") ` +
    `or die "no connection"; print <$s>'`;
  demand(await root.must(client), /^hello from b$/m);
  await root.must(`${a} down && ${b} down; pkill perl 2>/dev/null; rm -rf ${folder}`);
}

export async function tryFile(root: DebianRoot, release: string): Promise<void> {
  await step(
    "a fresh Debian with nothing but the file: init, up, join, serve, connect",
    async () => {
      await root.add(await fileOf(release, /-linux-x64$/), "/usr/local/bin/pollen");
      await root.must("chmod 755 /usr/local/bin/pollen");
      await useNetwork(root, "/usr/local/bin/pollen", "/root/net");
      await root.must("rm -rf /usr/local/bin/pollen /root/.cache/pollen");
    },
  );
}

export async function tryDeb(root: DebianRoot, release: string): Promise<void> {
  await step("the deb installs and says what to do without systemd", async () => {
    await root.add(await fileOf(release, /\.deb$/), "/root/pollen.deb");
    const text = await root.must("dpkg -i /root/pollen.deb");
    demand(text, /pollen is installed/);
    demand(text, /no systemd here/);
    demand(await root.must("pollen version"), /^pollen \d/m);
    demand(await root.must("getent passwd pollen"), /:\/var\/lib\/pollen:/);
    demand(await root.must("stat -c '%a %U %G' /var/lib/pollen"), /^750 pollen pollen$/m);
  });
  await step("the installed program forms a network and carries a tunnel", async () => {
    await useNetwork(root, "pollen", "/root/net");
    demand(await root.must("pollen version --json"), /"kind":"package"/);
    const { code, text } = await root.sh("pollen upgrade --from /root");
    if (code === 0) throw new Error("upgrade was to be left to the package manager");
    demand(text, /package manager/);
  });
  await step(
    "the user pollen runs a node on the system's folder; root and the group may ask it",
    async () => {
      const as = (words: string) => `su -s /bin/sh pollen -c '${words}'`;
      await root.must(as(`pollen init && pollen up -d ${LOCAL}`));
      demand(await root.must("pollen status --json"), /"self"/);
      demand(await root.must("dpkg -r pollen"), /keys and state stay/);
      demand(await root.must("ls /var/lib/pollen/keys"), /./);
      const { text } = await root.sh("ls /usr/bin/pollen /usr/lib/pollen");
      demand(text, /cannot access[^]*cannot access/);
    },
  );
  await step("purge takes keys, state and user", async () => {
    await root.must("dpkg -P pollen");
    const { text } = await root.sh("ls -d /var/lib/pollen; getent passwd pollen || echo no user");
    demand(text, /no user/);
    demand(text, /cannot access/);
  });
}
