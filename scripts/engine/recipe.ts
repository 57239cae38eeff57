// How each checked-in library came to be: `lib/quic/prebuilt/recipe.json`. Pollen itself reads the
// hashes from it before it loads a library.

import { PLATFORMS } from "../../lib/quic/platform.ts";
import { PREBUILT } from "./sources.ts";

/** One library and what made it. */
export interface RecipeEntry {
  readonly file: string;
  readonly bytes: number;
  readonly sha256: string;
  /** The hash of the sources: {@link hashSources}. */
  readonly sources: string;
  /** The oldest version of the C library that it loads with, from its symbols; null if it has none. */
  readonly glibc: string | null;
  readonly tools: Readonly<Record<string, string>>;
  readonly command: string;
}

export type Recipe = Readonly<Record<string, RecipeEntry>>;

const PATH = `${PREBUILT}/recipe.json`;

export async function readRecipe(): Promise<Recipe> {
  try {
    return JSON.parse(await Deno.readTextFile(PATH));
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return {};
    throw error;
  }
}

/** Writes the recipes in the order of the platforms, so that a change of one is one change. */
export async function writeRecipe(recipe: Recipe): Promise<void> {
  const entries = PLATFORMS.flatMap(({ target }) => {
    const entry = recipe[target];
    return entry === undefined ? [] : [[target, entry]];
  });
  await Deno.writeTextFile(
    `${PATH}.new`,
    `${JSON.stringify(Object.fromEntries(entries), null, 2)}\n`,
  );
  await Deno.rename(`${PATH}.new`, PATH);
}
