// What a run leaves behind that crashed, the next one removes: namespaces, and what runs in them.

import { ok } from "node:assert/strict";
import { command, sweepNamespaces } from "../../scripts/support/namespaces.ts";
import { until } from "../../scripts/support/pollen_process.ts";
import { CAN_HAVE_LAB } from "./support/topology.ts";

const module = import.meta.resolve("../../scripts/support/namespaces.ts");

/** Makes a namespace, starts something in it, says both, and is killed. */
const CRASH = `
  const { Namespace } = await import("${module}");
  const { name, prefix } = await Namespace.make();
  const [program, ...args] = [...prefix, "sleep", "600"];
  const { pid } = new Deno.Command(program, { args, stdout: "null", stderr: "null" }).spawn();
  console.log(name, pid);
  Deno.kill(Deno.pid, "SIGKILL");`;

Deno.test({
  name: "what a crash leaves is removed by the next run",
  ignore: !CAN_HAVE_LAB,
  async fn() {
    const { stdout } = await new Deno.Command(Deno.execPath(), { args: ["eval", CRASH] }).output();
    const [name = "", pid = ""] = new TextDecoder().decode(stdout).trim().split(" ");
    const namespaces = async () => (await command(["ip", "netns", "list"])).split(/\s/);
    ok((await namespaces()).includes(name));
    await sweepNamespaces();
    ok(!(await namespaces()).includes(name));
    await until("its process is gone", () => {
      const found = [...Deno.readDirSync("/proc")].some((entry) => entry.name === pid);
      return Promise.resolve(found ? null : true);
    });
  },
});
