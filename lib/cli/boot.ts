// How a node is started together with its machine: the words that `join` and `up -d` end with. Pure.

/** What the hint depends on. */
export interface Machine {
  /** Whether systemd runs here. */
  readonly hasSystemd: boolean;
  /** Whether this user may write system-wide units. */
  readonly isRoot: boolean;
}

/** This machine, as it is. */
export function thisMachine(): Machine {
  return { hasSystemd: isDirectory("/run/systemd/system"), isRoot: Deno.uid() === 0 };
}

/** What to do so that these words run at every start of the machine. */
export function bootHint(words: readonly string[], { hasSystemd, isRoot }: Machine): string[] {
  if (!hasSystemd) {
    const line = words.map(quoteForShell).join(" ");
    return [
      "To have it start with this machine, let the machine's service manager run:",
      `  ${line}`,
    ];
  }
  const path = isRoot ? "/etc/systemd/system" : "~/.config/systemd/user";
  const systemctl = isRoot ? "systemctl" : "systemctl --user";
  return [
    `To have it start with this machine, write this into ${path}/pollen.service:`,
    ...systemdUnit(words, isRoot).map((line) => `  ${line}`.trimEnd()),
    `and run: pollen down; ${systemctl} enable --now pollen${
      isRoot ? "" : "; loginctl enable-linger"
    }`,
  ];
}

/** The lines of a unit (systemd.service(5)). */
function systemdUnit(words: readonly string[], isRoot: boolean): string[] {
  const network = "network-online.target";
  return [
    "[Unit]",
    "Description=Pollen",
    // There is no such target among a user's own units.
    ...(isRoot ? [`Wants=${network}`, `After=${network}`] : []),
    "[Service]",
    `ExecStart=${words.map(quoteForSystemd).join(" ")}`,
    "Restart=on-failure",
    "RestartSec=5",
    "[Install]",
    `WantedBy=${isRoot ? "multi-user.target" : "default.target"}`,
  ];
}

const PLAIN = /^[\w@+=:,./-]+$/;

function quoteForShell(word: string): string {
  return PLAIN.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`;
}

/** Quotes and specifiers of systemd.syntax(7) and systemd.unit(5). */
function quoteForSystemd(word: string): string {
  if (PLAIN.test(word)) return word;
  const escaped = word.replace(/["\\]/g, "\\$&").replaceAll("%", "%%").replaceAll("$", "$$$$");
  return `"${escaped}"`;
}

function isDirectory(path: string): boolean {
  try {
    return Deno.statSync(path).isDirectory;
  } catch {
    return false;
  }
}
