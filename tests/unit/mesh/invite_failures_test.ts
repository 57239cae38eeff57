// What a person reads when a newcomer reaches nobody, or is turned away.

import { equal, match } from "node:assert/strict";
import { notPassedOn, unanswered } from "../../../lib/mesh/invite_failures.ts";
import { RedemptionFailure } from "../../../lib/proto/mod.ts";
import { PollenError } from "../../../lib/types/mod.ts";

const silence = new PollenError("timeout", "Nobody answered at 8.8.8.8:1.");
const at = (...ips: string[]) => unanswered(silence, ips.map((ip) => ({ ip, port: 1 })));

Deno.test("silence at a public address: UDP seems to be blocked", () => {
  for (const ips of [["8.8.8.8"], ["10.0.0.1", "2606:4700::1"]]) {
    const { code, message, fix } = at(...ips);
    equal(code, "timeout");
    match(message, /^No answer over UDP\. Nobody answered/);
    match(fix!, /UDP seems to be blocked .* from another network\.$/);
  }
});

Deno.test("silence at addresses of a site: one machine must be reachable from outside", () => {
  const { fix } = at("192.168.1.5", "fd00::1");
  match(
    fix!,
    /one machine of the network must be reachable from outside\..* --advertise HOST:PORT/,
  );
});

Deno.test("whatever a member says for want of an answer has a remedy", () => {
  for (const failure of [...Object.values(RedemptionFailure), 99]) {
    const { message, fix, code } = notPassedOn(failure);
    match(message, /^A machine .*was reached.*, but /);
    match(fix!, /\.$/);
    equal(code === "refused", false, "it is not final");
  }
});
