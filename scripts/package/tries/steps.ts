// What the tries of a release share: steps that are named and counted, and commands with their output.

/** The steps that were tried. */
export const ran: { readonly name: string; readonly isGood: boolean }[] = [];

/** Tries one thing and says whether it went well; the others go on. */
export async function step(name: string, act: () => Promise<void>): Promise<void> {
  try {
    await act();
    ran.push({ name, isGood: true });
    console.log(`ok      ${name}`);
  } catch (thrown) {
    ran.push({ name, isGood: false });
    console.log(`FAILED  ${name}\n${thrown instanceof Error ? thrown.message : String(thrown)}`);
  }
}

/** What a command did. */
export interface Done {
  readonly code: number;
  /** Standard output and standard error, one after the other. */
  readonly text: string;
}

/** Runs a command to its end. */
export async function command(
  words: readonly string[],
  options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<Done> {
  const [program, ...args] = words;
  const { code, stdout, stderr } = await new Deno.Command(program!, { args, ...options }).output();
  const decoder = new TextDecoder();
  return { code, text: decoder.decode(stdout) + decoder.decode(stderr) };
}

/** The same for one that must succeed; what it said. */
export async function must(
  words: readonly string[],
  options: { readonly env?: Record<string, string>; readonly cwd?: string } = {},
): Promise<string> {
  const { code, text } = await command(words, options);
  if (code !== 0) throw new Error(`${words.join(" ")} ended with ${code}: ${text}`);
  return text;
}

/** For one that must fail and say why. */
export async function mustFail(
  words: readonly string[],
  why: RegExp,
  options: { readonly env?: Record<string, string> } = {},
): Promise<void> {
  const { code, text } = await command(words, options);
  if (code === 0 || !why.test(text)) {
    throw new Error(`${words.join(" ")} was to fail with ${why}; it ended with ${code}: ${text}`);
  }
}

/** Demands that a text matches. */
export function demand(text: string, pattern: RegExp): void {
  if (!pattern.test(text)) throw new Error(`wanted ${pattern}, got: ${text}`);
}
