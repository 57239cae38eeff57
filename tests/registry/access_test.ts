// Who may look and who may not, once a token is asked for.

import { deepEqual, equal } from "node:assert/strict";
import { openTestRegistry } from "./support.ts";

const KEY = "a key of the owner's choice";

Deno.test("with a key of the owner's, nobody gets in without it, or with another", async () => {
  await using opened = await openTestRegistry({ apiKey: KEY });
  const statusOf = async (authorization?: string) => {
    const headers: HeadersInit = authorization === undefined ? {} : { authorization };
    const response = await fetch(`${opened.url}/api/nodes`, { headers });
    await response.body?.cancel();
    return response.status;
  };
  deepEqual(
    [await statusOf(), await statusOf("Bearer "), await statusOf(`Bearer ${KEY}!`)],
    [401, 401, 401],
  );
  equal(await statusOf(`Bearer ${KEY}`), 200);
});
