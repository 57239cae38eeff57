// Who may do what. A token has a public part by which it is found and a secret part of which only a
// hash is stored; either may be shown to nobody but its owner.
//
// The rule: while no token was ever made and only loopback addresses are served, nobody needs one.
// From the first token on, or on any other address, everybody does, unless the owner said `--open`.

import { createHash, timingSafeEqual } from "node:crypto";
import {
  type Clock,
  errorText,
  type Log,
  LogThrottle,
  PollenError,
  type Random,
  type WallMs,
} from "../types/mod.ts";
import {
  FAILURES_PER_SOURCE_MAX,
  FAILURES_REMEMBERED_MAX,
  FAILURES_WINDOW_MS,
  TOKEN_NAME_LENGTH_MAX,
  TOKENS_REREAD_MS,
} from "./limits.ts";
import type { Storage, StoredToken } from "./storage/storage.ts";

/** What a token is good for: looking, or being an agent. */
export type Scope = "read" | "agent";

const SCOPES: readonly Scope[] = ["read", "agent"];

/** Who calls. */
export interface Caller {
  /** The id of the token; empty without one. */
  readonly owner: string;
}

/** A new token, whole for the only time. */
export interface NewToken {
  readonly text: string;
  readonly stored: StoredToken;
}

const ID_BYTES = 6;
const SECRET_BYTES = 24;
const TOKEN = /^plr_([0-9a-f]{12})_([0-9a-f]{48})$/;

/** What a new token is to be. */
export interface TokenWishes {
  /** For people. */
  readonly name: string;
  /** Of `read` and `agent`. */
  readonly scopes: readonly string[];
  /** Null for never. */
  readonly expiresAtMs: WallMs | null;
}

/**
 * Makes a token. Whoever wants it to count stores its `stored`.
 *
 * @throws {PollenError} `invalid_argument` for a name that is too long, or scopes that there are not.
 */
export function makeToken(
  { name, scopes, expiresAtMs }: TokenWishes,
  { now, random }: { readonly now: WallMs; readonly random: Random },
): NewToken {
  if (name.length > TOKEN_NAME_LENGTH_MAX) {
    throw new PollenError("invalid_argument", "A token's name that long is not possible.", {
      fix: `Choose one of at most ${TOKEN_NAME_LENGTH_MAX} characters.`,
    });
  }
  const wrong = scopes.find((scope) => !SCOPES.includes(scope as Scope));
  if (wrong !== undefined || scopes.length === 0) {
    throw new PollenError("invalid_argument", `"${wrong ?? ""}" is no scope of a token.`, {
      fix: "A token is good for read, agent, or both: --scope read,agent",
    });
  }
  const id = random.bytes(ID_BYTES).toHex();
  const secret = random.bytes(SECRET_BYTES).toHex();
  const stored: StoredToken = {
    id,
    name,
    scopes: scopes.join(" "),
    hash: hashOf(secret),
    createdAtMs: now,
    expiresAtMs,
    revokedAtMs: null,
  };
  return { text: `plr_${id}_${secret}`, stored };
}

function hashOf(secret: string): string {
  return createHash("sha256").update(secret).digest("hex");
}

/** How access is decided. */
export interface AccessOptions {
  readonly storage: Storage;
  readonly clock: Clock;
  readonly log: Log;
  /** Whether an address is served that others than this machine can reach. */
  readonly isExposed: boolean;
  /** Whether the owner wants no tokens at all to be asked for. */
  readonly isOpen: boolean;
  /** One more token with all scopes, which the owner has chosen. */
  readonly apiKey?: string;
}

/** Decides who may call. */
export class Access implements Disposable {
  readonly #options: AccessOptions;
  readonly #warnings: LogThrottle;
  readonly #apiKeyHash: string | null;
  readonly #failures = new Map<string, { count: number; sinceMs: number }>();
  #tokens: ReadonlyMap<string, StoredToken> = new Map();
  #stopTimer = () => {};
  #isClosed = false;

  private constructor(options: AccessOptions) {
    this.#options = options;
    this.#warnings = new LogThrottle(options.log, options.clock);
    this.#apiKeyHash = options.apiKey === undefined ? null : hashOf(options.apiKey);
  }

  /** Reads the tokens, and again whenever a command may have changed them. */
  static async open(options: AccessOptions): Promise<Access> {
    const access = new Access(options);
    await access.#read();
    access.#readLater();
    return access;
  }

  /** Whether callers need a token now. */
  get isRequired(): boolean {
    const { isExposed, isOpen } = this.#options;
    return !isOpen && (isExposed || this.#apiKeyHash !== null || this.#tokens.size > 0);
  }

  /**
   * Lets a caller pass, or not.
   *
   * @param credential What came as `authorization`, or null.
   * @param source The address that the call comes from.
   * @throws {PollenError} `unauthenticated` without a token in force, `permission_denied` when it is
   *   not good for this, `exhausted` for a source that has tried too many wrong ones.
   */
  demand(scope: Scope, credential: string | null, source: string): Caller {
    if (!this.isRequired) return { owner: "" };
    this.#demandPatience(source);
    if (credential === null || credential === "") {
      throw new PollenError("unauthenticated", "This registry asks for a token.", {
        fix: "Make one with: pollen registry token create",
      });
    }
    const text = credential.replace(/^Bearer /i, "");
    const token = this.#find(text);
    if (token === null) {
      this.#countFailure(source);
      this.#warnings.warn("audit: a wrong or expired token was refused", { source });
      throw new PollenError("unauthenticated", "This token is not valid here, or no longer.", {
        fix: "Make another one with: pollen registry token create",
      });
    }
    if (token.scopes.includes(scope)) return { owner: token.id };
    this.#warnings.warn("audit: a token was refused for what it is not good for", {
      source,
      token: token.id,
      scope,
    });
    throw new PollenError("permission_denied", `This token is not good for this: ${scope}.`, {
      fix: `Make one with: pollen registry token create --scope ${scope}`,
    });
  }

  /** Whether what was let pass once would be now; for one who stays. */
  holds(scope: Scope, credential: string | null): boolean {
    if (!this.isRequired) return true;
    const text = (credential ?? "").replace(/^Bearer /i, "");
    return this.#find(text)?.scopes.includes(scope) ?? false;
  }

  /** Whether `demand` would let it pass; for one who asks and does not try. */
  allows(scope: Scope, credential: string | null, source: string): boolean {
    if (!this.isRequired) return true;
    if (credential === null) return false;
    try {
      this.demand(scope, credential, source);
      return true;
    } catch {
      return false;
    }
  }

  [Symbol.dispose](): void {
    this.#isClosed = true;
    this.#stopTimer();
    this.#warnings.close();
  }

  #find(text: string): { id: string; scopes: readonly string[] } | null {
    if (this.#apiKeyHash !== null && isSame(hashOf(text), this.#apiKeyHash)) {
      return { id: "api-key", scopes: SCOPES };
    }
    const [, id, secret] = TOKEN.exec(text) ?? [];
    const token = this.#tokens.get(id ?? "");
    // Something is compared in any case, so that time does not tell which ids there are.
    const isRight = isSame(hashOf(secret ?? ""), token?.hash ?? hashOf("nobody"));
    if (!isRight || token === undefined || token.revokedAtMs !== null) return null;
    const isOver = token.expiresAtMs !== null && token.expiresAtMs <= this.#options.clock.wallNow();
    return isOver ? null : { id: token.id, scopes: token.scopes.split(" ") };
  }

  #demandPatience(source: string): void {
    const failures = this.#failures.get(source);
    if (failures === undefined) return;
    if (this.#options.clock.monotonicNow() - failures.sinceMs > FAILURES_WINDOW_MS) {
      this.#failures.delete(source);
    } else if (failures.count >= FAILURES_PER_SOURCE_MAX) {
      throw new PollenError("exhausted", "Too many wrong tokens came from this address.", {
        fix: "Wait a minute.",
      });
    }
  }

  #countFailure(source: string): void {
    const failures = this.#failures.get(source);
    if (failures !== undefined) {
      failures.count++;
      return;
    }
    if (this.#failures.size >= FAILURES_REMEMBERED_MAX) {
      this.#failures.delete(this.#failures.keys().next().value!);
    }
    this.#failures.set(source, { count: 1, sinceMs: this.#options.clock.monotonicNow() });
  }

  #readLater(): void {
    this.#stopTimer = this.#options.clock.setTimer(TOKENS_REREAD_MS, () => {
      this.#read().catch((thrown: unknown) => {
        // Those that are known go on to count.
        this.#warnings.warn("the registry's tokens were not read", { error: errorText(thrown) });
      }).then(() => {
        if (!this.#isClosed) this.#readLater();
      });
    });
  }

  async #read(): Promise<void> {
    const tokens = await this.#options.storage.tokens();
    this.#tokens = new Map(tokens.map((token) => [token.id, token]));
  }
}

function isSame(a: string, b: string): boolean {
  return timingSafeEqual(new TextEncoder().encode(a), new TextEncoder().encode(b));
}
