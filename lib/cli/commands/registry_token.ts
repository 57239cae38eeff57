// `pollen registry token`: makes, lists and revokes the tokens of a registry.

import { parseDuration } from "../../config/mod.ts";
import { PollenError, type WallMs } from "../../types/mod.ts";
import { loadApp } from "../app.ts";
import type { Context, Outcome } from "../command.ts";
import { printable, renderTable, styleOf } from "../text.ts";

/** What a token is good for when nothing else is said. */
const SCOPES = "read,agent";

/** Does what the words after `token` say. */
export async function registryToken(context: Context, storage: string): Promise<Outcome> {
  const [, verb, argument] = context.args.positionals;
  if (verb === "create") return await create(context, storage, argument ?? "");
  if (verb === "list" && argument === undefined) return await list(context, storage);
  if (verb === "revoke" && argument !== undefined) return await revoke(storage, argument);
  throw new PollenError("invalid_argument", "It is not clear what to do with tokens.", {
    fix: "Write: pollen registry token create [name], … token list, or … token revoke <id>",
  });
}

async function create(context: Context, storage: string, name: string): Promise<Outcome> {
  const scopes = (context.args.value("scope") ?? SCOPES).split(",").map((scope) => scope.trim());
  const ttl = context.args.value("ttl");
  const expiresAtMs = ttl === undefined ? null : context.now() + parseTtl(ttl) as WallMs;
  await using tokens = await (await loadApp()).openRegistryTokens(storage);
  const { text, stored } = await tokens.create({ name, scopes, expiresAtMs });
  return {
    text,
    json: { token: text, id: stored.id, name, scopes, expiresAt: isoOrNull(expiresAtMs) },
    notes: [
      "It is shown this once. It counts within a second, and from now on everybody needs a token.",
      `Take it back with: pollen registry token revoke ${stored.id}`,
    ],
  };
}

async function list(context: Context, storage: string): Promise<Outcome> {
  await using opened = await (await loadApp()).openRegistryTokens(storage);
  const tokens = await opened.list();
  const stateOf = (token: typeof tokens[number]) => {
    if (token.revokedAtMs !== null) return "revoked";
    return token.expiresAtMs !== null && token.expiresAtMs <= context.now() ? "expired" : "valid";
  };
  const rows = tokens.map((token) => [
    token.id,
    printable(token.name),
    token.scopes.replaceAll(" ", ", "),
    stateOf(token),
    isoOrNull(token.expiresAtMs) ?? "",
  ]);
  const header = ["ID", "NAME", "SCOPES", "STATE", "EXPIRES"];
  return {
    text: tokens.length === 0
      ? "there are no tokens"
      : renderTable("TOKENS", header, rows, styleOf(context.isColored)).join("\n"),
    json: {
      tokens: tokens.map((token) => ({
        id: token.id,
        name: token.name,
        scopes: token.scopes.split(" "),
        state: stateOf(token),
        createdAt: isoOrNull(token.createdAtMs),
        expiresAt: isoOrNull(token.expiresAtMs),
      })),
    },
  };
}

async function revoke(storage: string, id: string): Promise<Outcome> {
  await using tokens = await (await loadApp()).openRegistryTokens(storage);
  if (await tokens.revoke(id)) {
    return { text: `token ${id} is revoked, within a second`, json: { id } };
  }
  throw new PollenError("not_found", `There is no token "${id}" in force.`, {
    fix: "See them with: pollen registry token list",
  });
}

function parseTtl(text: string): number {
  const ttlMs = parseDuration(text);
  if (ttlMs > 0) return ttlMs;
  throw new PollenError("invalid_argument", "A token's time must be positive.", {
    fix: "Say how long it counts, as in --ttl 24h.",
  });
}

function isoOrNull(moment: WallMs | null): string | null {
  return moment === null ? null : new Date(moment).toISOString();
}
