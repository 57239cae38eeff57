// Which UDP port a node listens on. One that was asked for, or nothing; otherwise the one it had
// last, so that peers find it where they left it; then the default; then any free one.

import {
  DEFAULT_PORT,
  type Disk,
  type Engine,
  isPort,
  type Log,
  PollenError,
  PORT_FILE_BYTES_MAX,
} from "../types/mod.ts";

/** Holds the port of a node that could not have the default one, in decimal. */
const PORT_FILE = "udp_port";
const PORT_FILE_MODE = 0o600;

export interface ListenPortOptions {
  readonly disk: Disk;
  /** The state folder. */
  readonly dir: string;
  /** What was asked for; 0 lets the operating system choose. */
  readonly requested: number | undefined;
  readonly log: Log;
  /** Opens the engine on a port; throws `already_exists` when that is taken. */
  open(port: number): Promise<Engine>;
}

/**
 * An engine on the right port.
 *
 * @throws {PollenError} `already_exists` when the port that was asked for is taken; what `open` throws.
 */
export async function openOnPort(options: ListenPortOptions): Promise<Engine> {
  const { requested, open } = options;
  if (requested !== undefined) {
    const engine = await openUnlessTaken(open, requested);
    if (engine !== null) return engine;
    throw new PollenError("already_exists", `UDP port ${requested} is taken by another program.`, {
      fix: "Choose another one with --port, or leave --port out to get a free one.",
    });
  }
  const remembered = await readPort(options);
  for (const port of new Set([remembered ?? DEFAULT_PORT, DEFAULT_PORT])) {
    const engine = await openUnlessTaken(open, port);
    if (engine !== null) return engine;
  }
  const engine = await open(0);
  const { port } = engine.localAddress;
  options.log.warn("the usual UDP port is taken; another one is used from now on", { port });
  await writePort(options, port);
  return engine;
}

async function openUnlessTaken(
  open: (port: number) => Promise<Engine>,
  port: number,
): Promise<Engine | null> {
  try {
    return await open(port);
  } catch (thrown) {
    if (thrown instanceof PollenError && thrown.code === "already_exists") return null;
    throw thrown;
  }
}

/** The remembered port; null without one. What cannot be read is no reason not to start. */
async function readPort({ disk, dir, log }: ListenPortOptions): Promise<number | null> {
  const bytes = await disk.read(`${dir}/${PORT_FILE}`, PORT_FILE_BYTES_MAX).catch(() => null);
  if (bytes === null) return null;
  const text = new TextDecoder().decode(bytes).trim();
  if (/^\d{1,5}$/.test(text) && isPort(Number(text))) return Number(text);
  log.warn("the remembered UDP port is not understood and ignored", {
    file: `${dir}/${PORT_FILE}`,
  });
  return null;
}

async function writePort({ disk, dir, log }: ListenPortOptions, port: number): Promise<void> {
  try {
    const bytes = new TextEncoder().encode(`${port}\n`);
    await disk.writeAtomic(`${dir}/${PORT_FILE}`, bytes, PORT_FILE_MODE);
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    log.warn("the UDP port cannot be remembered; the next start may choose another", { reason });
  }
}
