// A PostgreSQL server of the distribution, in a folder of its own, for one test file. PostgreSQL
// refuses to run as root: then the user that its package made runs it.

import { until } from "../../scripts/support/pollen_process.ts";

/** Where the server's programs are, or null where there is no server. */
export function postgresPrograms(): string | null {
  const root = "/usr/lib/postgresql";
  try {
    const versions = [...Deno.readDirSync(root)].map(({ name }) => Number(name)).filter(Boolean);
    const folder = `${root}/${versions.sort((a, b) => a - b).at(-1)}/bin`;
    return Deno.statSync(`${folder}/initdb`).isFile ? folder : null;
  } catch {
    return null;
  }
}

const PORT = 5432;

export class PostgresServer implements AsyncDisposable {
  readonly #programs: string;
  readonly #dir: string;
  #child: Deno.ChildProcess | null = null;

  private constructor(programs: string, dir: string) {
    this.#programs = programs;
    this.#dir = dir;
  }

  /** Makes an empty database cluster and serves it on a Unix socket. */
  static async start(programs: string): Promise<PostgresServer> {
    const dir = await Deno.makeTempDir({ prefix: "pollen-pg-" });
    const server = new PostgresServer(programs, dir);
    if (Deno.uid() === 0) await run(["chown", "postgres", dir]);
    // Nothing of it is to outlive the test, so nothing waits for the disk while it is made.
    const made = ["--no-sync", "--auth=trust", "--encoding=UTF8", "--username=postgres"];
    await run([...asUser(), `${programs}/initdb`, ...made, "-D", `${dir}/data`]);
    await server.resume();
    return server;
  }

  /** Its one database. */
  get address(): string {
    return `postgres://postgres@localhost:${PORT}/postgres?host=${encodeURIComponent(this.#dir)}`;
  }

  /** Serves, and waits until it takes connections. */
  async resume(): Promise<void> {
    const [program, ...args] = [
      ...asUser(),
      ...[`${this.#programs}/postgres`, "-D", `${this.#dir}/data`],
      ...["-k", this.#dir, "-h", "", "-p", String(PORT)],
    ];
    this.#child = new Deno.Command(program!, {
      args,
      stdin: "null",
      stdout: "null",
      stderr: "null",
    }).spawn();
    const ask = [`${this.#programs}/pg_isready`, "-q", "-h", this.#dir, "-p", String(PORT)];
    await until("the database answers", async () => {
      return await run(ask).then(() => true, () => null);
    });
  }

  /** Ends it as a crash would: nobody is told. */
  async stop(): Promise<void> {
    if (this.#child === null) return;
    // By its own number: the process that was started may be the one that changes the user.
    const pid = (await Deno.readTextFile(`${this.#dir}/data/postmaster.pid`)).split("\n")[0]!;
    Deno.kill(Number(pid), "SIGQUIT");
    await this.#child.status;
    this.#child = null;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.stop();
    await Deno.remove(this.#dir, { recursive: true });
  }
}

function asUser(): string[] {
  return Deno.uid() === 0
    ? ["setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"]
    : [];
}

async function run([program, ...args]: string[]): Promise<void> {
  const { success, stderr } = await new Deno.Command(program!, {
    args,
    cwd: "/tmp",
    stdout: "null",
    stderr: "piped",
  }).output();
  if (!success) throw new Error(`${program} failed: ${new TextDecoder().decode(stderr)}`);
}
