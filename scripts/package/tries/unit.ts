// The systemd unit, as systemd itself judges it: right in form, and closed to what it does not need.

import { join } from "../../paths.ts";
import { must, step } from "./steps.ts";

/** A tenth of what `systemd-analyze security` prints: 2.0. */
const EXPOSURE_MAX = 20;

export async function tryUnit(root: string): Promise<void> {
  const unit = join(root, "scripts/package/linux/pollen.service");
  await step("the unit's exposure is at most 2.0", async () => {
    const threshold = `--threshold=${EXPOSURE_MAX}`;
    const text = await must(["systemd-analyze", "security", "--offline=true", threshold, unit]);
    console.log(`        ${/Overall exposure level.*: [\d.]+/.exec(text)?.[0] ?? "?"}`);
  });
}
