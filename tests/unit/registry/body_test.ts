// Bodies that are too long or too slow.

import { equal, rejects } from "node:assert/strict";
import { withBody } from "../../../lib/registry/http/body.ts";
import { BODY_BYTES_MAX, BODY_TIMEOUT_MS } from "../../../lib/registry/limits.ts";
import { FakeClock } from "../../support/fake_clock.ts";

function request(body: BodyInit): Request {
  return new Request("http://localhost/", { method: "POST", body });
}

Deno.test("a body of any length up to the limit comes through, and not a byte more", async () => {
  const clock = new FakeClock();
  const longest = "x".repeat(BODY_BYTES_MAX);
  equal(await (await withBody(request(longest), clock)).text(), longest);
  await rejects(withBody(request(`${longest}x`), clock), { code: "too_large" });
  const bare = new Request("http://localhost/");
  equal(await withBody(bare, clock), bare);
  equal(clock.pending, 0);
});

Deno.test("a body that does not come is not waited for", async () => {
  const clock = new FakeClock();
  let wasGivenUp = false;
  const body = new ReadableStream<Uint8Array>({
    start: (controller) => controller.enqueue(new Uint8Array([123])),
    cancel: () => void (wasGivenUp = true),
  });
  const waiting = withBody(request(body), clock);
  clock.advance(BODY_TIMEOUT_MS);
  await rejects(waiting, { code: "timeout" });
  equal(wasGivenUp, true);
});
