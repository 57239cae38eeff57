import { equal } from "node:assert/strict";
import { isManaged } from "../../../lib/cli/managed.ts";

Deno.test("systemd runs the system's folder where a package put the unit", async () => {
  const unit = await Deno.makeTempFile();
  const systemd = await Deno.makeTempDir();
  const missing = `${systemd}/missing`;
  try {
    equal(isManaged("/var/lib/pollen", { unit, systemd }), true);
    equal(isManaged("/home/ann/.pollen", { unit, systemd }), false);
    equal(isManaged("/var/lib/pollen", { unit: missing, systemd }), false);
    equal(isManaged("/var/lib/pollen", { unit, systemd: missing }), false);
  } finally {
    await Deno.remove(unit);
    await Deno.remove(systemd);
  }
});
