// Tokens as text: what people paste, and every way it can go wrong.

import { deepEqual, equal, ok, throws } from "node:assert/strict";
import fc from "fast-check";
import {
  decodeToken,
  encodeInviteToken,
  encodeJoinToken,
  verifyInviteToken,
  verifyJoinToken,
} from "../../../lib/auth/mod.ts";
import { InviteToken, JoinToken } from "../../../lib/proto/mod.ts";
import { PollenError, TOKEN_TEXT_LENGTH_MAX } from "../../../lib/types/mod.ts";
import { bootstrapOf, DAY_MS, flipBit, makeNode, makeRoot, NOW } from "./fixtures.ts";

const root = await makeRoot();
const node = await makeNode(2);
const bootstrap = bootstrapOf(root.identity);
const JOIN = root.signer.issueJoinToken({
  cert: root.signer.issueMembership({
    subject: node.identity.peerKey,
    ttlMs: DAY_MS,
    nonRenewable: true,
    now: NOW,
  }),
  bootstrap,
  ttlMs: 300_000,
  now: NOW,
});
const INVITE = root.signer.issueInvite({
  bootstrap,
  ttlMs: 300_000,
  membershipTtlSeconds: 86_400,
  nonRenewable: true,
  now: NOW,
});
const BOUND = root.signer.issueInvite({
  subject: node.identity.peerKey,
  bootstrap: [...bootstrap, ...bootstrapOf(node.identity)],
  ttlMs: 300_000,
  now: NOW,
});
const TEXTS = [encodeJoinToken(JOIN), encodeInviteToken(INVITE), encodeInviteToken(BOUND)];

/** What a node does with a pasted text. */
function accept(text: string): void {
  const decoded = decodeToken(text);
  if (decoded.kind === "join") verifyJoinToken(decoded.token, NOW, node.identity.publicKey);
  else verifyInviteToken(decoded.token, NOW, node.identity.publicKey);
}

function failure(text: string): PollenError {
  try {
    accept(text);
  } catch (thrown) {
    if (thrown instanceof PollenError) return thrown;
    throw thrown;
  }
  throw new Error(`accepted: ${text}`);
}

Deno.test("a token's kind is told by itself", () => {
  deepEqual(decodeToken(TEXTS[0]!), { kind: "join", token: JOIN });
  deepEqual(decodeToken(TEXTS[1]!), { kind: "invite", token: INVITE });
  deepEqual(decodeToken(TEXTS[2]!), { kind: "invite", token: BOUND });
  TEXTS.forEach(accept);
});

Deno.test("the text is standard base64 with padding, without line breaks", () => {
  for (const text of TEXTS) {
    ok(/^[A-Za-z0-9+/]+={0,2}$/.test(text));
    equal(text.length % 4, 0);
  }
  deepEqual(Uint8Array.fromBase64(TEXTS[0]!), JoinToken.encode(JOIN));
});

Deno.test("white space around and inside is ignored", () => {
  for (const text of TEXTS) {
    accept(`\n\t ${text.replace(/.{40}/g, "$&\r\n  ")} \n`);
  }
});

Deno.test("a token cut short at any length gives a PollenError", () => {
  for (const text of TEXTS) {
    for (let length = 0; length < text.length; length++) {
      const { code, message } = failure(text.slice(0, length));
      if (length === 0) equal(code, "invalid_argument");
      else equal(message, "The token is cut short. Its end is missing.", `at ${length}`);
    }
  }
});

Deno.test("a token without its beginning is no token", () => {
  for (let length = 1; length < 100; length++) {
    equal(failure(TEXTS[0]!.slice(length)).code, "malformed");
  }
});

Deno.test("a token with something after it is no token", () => {
  const bytes = JoinToken.encode(JOIN);
  for (const tail of [[0], [0x1a, 0], [0x12, 0], [...bytes]]) {
    const text = Uint8Array.of(...bytes, ...tail).toBase64();
    equal(failure(text).message.split(".")[0], "This is not a token of Pollen");
  }
});

Deno.test("no bit of a token can be turned over", () => {
  // Every bit of the shorter one, every seventh of the other: seven visits all places in a byte.
  for (
    const [bytes, step] of [[InviteToken.encode(INVITE), 1], [JoinToken.encode(JOIN), 7]] as const
  ) {
    for (let bit = 0; bit < bytes.length * 8; bit += step) {
      const { code } = failure(flipBit(bytes, bit).toBase64());
      ok(code === "malformed" || code === "unauthenticated", `bit ${bit}: ${code}`);
    }
  }
});

Deno.test("no character of the text can be turned into another", () => {
  const places = fc.record({
    text: fc.constantFrom(...TEXTS),
    at: fc.nat(),
    by: fc.string({ minLength: 1, maxLength: 1 }),
  });
  fc.assert(
    fc.property(places, ({ text, at, by }) => {
      const index = at % text.length;
      if (text[index] === by) return;
      failure(text.slice(0, index) + by + text.slice(index + 1));
    }),
    { numRuns: 300 },
  );
});

Deno.test("any text gives a PollenError and nothing else", () => {
  const base64 = fc.uint8Array({ maxLength: 400 }).map((bytes) => bytes.toBase64());
  const framed = fc.uint8Array({ maxLength: 120 }).map((claims) =>
    Uint8Array.of(0x0a, claims.length, ...claims, 0x12, 64, ...new Uint8Array(64)).toBase64()
  );
  fc.assert(
    fc.property(fc.oneof(fc.string(), base64, framed), (text) => {
      failure(text);
    }),
    { numRuns: 500 },
  );
});

Deno.test("each mistake has its own words", () => {
  const table: [string, string, RegExp][] = [
    ["", "invalid_argument", /There is no token/],
    ["  \n", "invalid_argument", /There is no token/],
    ["hello, world", "malformed", /not base64/],
    ["pollen join abc", "malformed", /This is not a token|cut short/],
    [TEXTS[0]!.replace("A", "="), "malformed", /not base64/],
    [new Uint8Array(300).toBase64(), "malformed", /This is not a token/],
    ["A".repeat(TOKEN_TEXT_LENGTH_MAX + 1), "too_large", /too long/],
  ];
  for (const [text, code, message] of table) {
    const error = failure(text);
    equal(error.code, code, text);
    ok(message.test(error.message), error.message);
    ok(error.fix !== undefined);
  }
});

Deno.test("a whole token whose parts do not belong together says so", () => {
  const mixed: JoinToken = { ...JOIN, signature: INVITE.signature };
  throws(() => decodeToken(encodeJoinToken(mixed)), {
    code: "unauthenticated",
    message: "join token signature invalid.",
  });
  const crossed: InviteToken = { ...INVITE, signature: JOIN.signature };
  throws(() => decodeToken(encodeInviteToken(crossed)), {
    code: "unauthenticated",
    message: "invite token signature invalid.",
  });
});

Deno.test("a token too long to copy is not made", () => {
  const addrs = Array.from({ length: 64 }, (_, index) => `${"a".repeat(200)}${index}:1`);
  const many = Array.from({ length: 64 }, () => ({ ...bootstrap[0]!, addrs }));
  const token = root.signer.issueInvite({ bootstrap: many, ttlMs: 1_000, now: NOW });
  throws(() => encodeInviteToken(token), { code: "too_large" });
});

Deno.test("any token that is issued is read back as it was", () => {
  const peers = fc.array(
    fc.record({
      peerPub: fc.uint8Array({ minLength: 32, maxLength: 32 }),
      addrs: fc.array(fc.string({ minLength: 1, maxLength: 20, unit: "grapheme" }), {
        minLength: 1,
        maxLength: 3,
      }),
    }),
    { minLength: 1, maxLength: 3 },
  );
  fc.assert(
    fc.property(peers, fc.integer({ min: 1, max: 1e9 }), fc.boolean(), (list, ttl, flag) => {
      const invite = root.signer.issueInvite({
        bootstrap: list,
        ttlMs: ttl * 1_000,
        membershipTtlSeconds: ttl,
        nonRenewable: flag,
        now: NOW,
      });
      deepEqual(decodeToken(encodeInviteToken(invite)), { kind: "invite", token: invite });
      const join = root.signer.issueJoinToken({
        cert: JOIN.claims!.memberCert!,
        bootstrap: list,
        ttlMs: ttl * 1_000,
        now: NOW,
      });
      deepEqual(decodeToken(encodeJoinToken(join)), { kind: "join", token: join });
    }),
    { numRuns: 50 },
  );
});
