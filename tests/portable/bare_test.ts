// A machine with nothing on it but the C library, /dev/null and /proc: no shell, no tools, no folder
// for temporary files. The portable file alone starts a network, joins it and runs in the background.

import { equal, match } from "node:assert/strict";
import { dirname } from "../../scripts/paths.ts";
import { CAN_RUN, IS_ROOT, PortablePlace, runMounted } from "./support.ts";

/** The loader and the libraries that Deno names. */
async function librariesOfDeno(): Promise<string[]> {
  const { stdout } = await new Deno.Command("ldd", { args: [Deno.execPath()] }).output();
  const paths = new TextDecoder().decode(stdout).matchAll(/(?:=> |^\s*)(\/\S+) \(/gm);
  return [...paths].map(([, path]) => path!);
}

const LOCAL = "--port 0 --ips 127.0.0.1";

/** Prints what each command says; the mounts and the processes end with the namespaces. */
const USE = `
cd "$(dirname "$0")"
mkdir dev proc
ip link set lo up
mount -t tmpfs none dev
mknod -m 666 dev/null c 1 3
inside() { env -i POLLEN_CACHE_DIR=/cache "$(command -v chroot)" . /pollen "$@" 2>&1; }
inside --dir /a init && exit 1
mount -t proc none proc
inside --dir /a init
inside --dir /a up -d ${LOCAL}
inside --dir /b join "$(inside --dir /a invite | grep '^[A-Za-z0-9+/=_-]\\{99,\\}$')"
inside --dir /b serve 8080 api
inside --dir /b down
inside --dir /a down`;

Deno.test({
  name: "a machine without a shell starts a network, joins it and runs in the background",
  ignore: !CAN_RUN || !IS_ROOT,
  fn: async () => {
    await using place = await PortablePlace.make();
    const root = `${place.path}/root`;
    for (const path of await librariesOfDeno()) {
      await Deno.mkdir(`${root}${dirname(path)}`, { recursive: true });
      await Deno.copyFile(path, `${root}${path}`);
    }
    const file = `${root}/pollen`;
    await Deno.copyFile(place.file, file);
    const { code, stdout, stderr } = await runMounted(USE, file, [
      "--pid",
      "--fork",
      "--kill-child",
      "--net",
    ]);
    equal(code, 0, stdout + stderr);
    match(stdout, /^Pollen needs the file system \/proc, which is not mounted here\. Mount it:/);
    match(stdout, /initialized.*in the background on UDP port.*joined the network.*running in/s);
    match(stdout, /running in.*api.*node stopped.*node stopped/s);
    equal(Deno.readDirSync(root).some(({ name }) => name === "bin" || name === "tmp"), false);
  },
});
