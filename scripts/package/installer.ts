// The script that installs a release, with the key that signed it and the place it is published at.

import { join } from "../paths.ts";

/** The script's text. Without `url` it wants to be told where the release is. */
export async function renderInstaller(
  root: string,
  publicKey: string,
  url: string | undefined,
): Promise<string> {
  const template = await Deno.readTextFile(join(root, "scripts/install.sh"));
  if (url !== undefined && !/^https:\/\/[\w.:/~-]+$/.test(url)) {
    throw new Error(`${url} is no https:// address.`);
  }
  const keyed = replaceOnce(template, "@RELEASE_KEY@", publicKey.trim());
  return url === undefined ? keyed : replaceOnce(keyed, "@RELEASE_URL@", url);
}

function replaceOnce(text: string, mark: string, value: string): string {
  const parts = text.split(mark);
  if (parts.length !== 2) throw new Error(`install.sh must hold ${mark} once.`);
  return parts.join(value);
}
