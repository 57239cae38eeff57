// How a node is started with its machine, and how the program starts itself.

import assert from "node:assert/strict";
import { bootHint } from "../../../lib/cli/boot.ts";
import { programWords } from "../../../lib/cli/program.ts";

const WORDS = ["/usr/bin/pollen", "up", "--dir", "/home/a b/100%/$x"];

Deno.test("with systemd the hint is a unit, for the machine or for one user", () => {
  const machine = bootHint(WORDS, { hasSystemd: true, isRoot: true }).join("\n");
  assert.match(machine, /\/etc\/systemd\/system\/pollen\.service/);
  assert.match(machine, /\n {2}After=network-online\.target\n/);
  assert.match(
    machine,
    /\n {2}ExecStart=\/usr\/bin\/pollen up --dir "\/home\/a b\/100%%\/\$\$x"\n/,
  );
  assert.match(machine, /WantedBy=multi-user\.target\nand run: pollen down; systemctl enable/);
  const user = bootHint(WORDS, { hasSystemd: true, isRoot: false }).join("\n");
  assert.match(user, /~\/\.config\/systemd\/user\/pollen\.service/);
  assert.doesNotMatch(user, /network-online/);
  assert.match(user, /WantedBy=default\.target\n.*systemctl --user enable.*enable-linger$/);
});

Deno.test("without systemd the hint is the command, as a shell takes it", () => {
  const [, line] = bootHint(WORDS, { hasSystemd: false, isRoot: true });
  assert.equal(line, "  /usr/bin/pollen up --dir '/home/a b/100%/$x'");
});

Deno.test("from source Deno runs main.ts, compiled the program runs itself", () => {
  const [deno, run, , , main, ...words] = programWords(["up"], { kind: "source", file: null });
  assert.deepEqual([deno, run, words], [Deno.execPath(), "run", ["up"]]);
  assert(Deno.statSync(main!).isFile);
  const compiled = { kind: "compiled", file: "/opt/pollen" } as const;
  assert.deepEqual(programWords(["up", "-d"], compiled), ["/opt/pollen", "up", "-d"]);
});
