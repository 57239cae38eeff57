// The platforms that a file of Pollen is made for, and the Deno that goes into each. The hashes are
// ours: whatever the package registry answers, nothing else than these bytes is passed on.

import type { Platform } from "../../lib/quic/platform.ts";
import { PLATFORMS } from "../../lib/quic/platform.ts";

/** The version of Deno that Pollen is built and tested with. */
export const DENO_VERSION = "2.9.5";

/** Where the Deno of one platform comes from. */
export interface DenoPackage {
  /** The package on npm. */
  readonly name: string;
  /** Of the package, as npm writes it. */
  readonly integrity: string;
  /** The executable inside, and its SHA-256. */
  readonly executable: string;
  readonly sha256: string;
}

/** One platform that a file is made for. */
export interface Target {
  readonly engine: Platform;
  /** Rust's name of the platform that the launcher is built for: on Linux one without a C library. */
  readonly launcher: string;
  /** What Deno says of itself there (`Deno.build`). */
  readonly os: typeof Deno.build.os;
  readonly arch: typeof Deno.build.arch;
  readonly deno: DenoPackage;
}

const DETAILS: Readonly<Record<string, Omit<Target, "engine">>> = {
  "x86_64-unknown-linux-gnu": {
    launcher: "x86_64-unknown-linux-musl",
    os: "linux",
    arch: "x86_64",
    deno: {
      name: "@deno/linux-x64-glibc",
      integrity:
        "sha512-TDqcnoLe3jlgqYEQm7H7MK6q0JOth+o8iSZzknRODnVkJfPiNnjVn1M1Zc6vnp+ipkyb6Av1/CUlHgHtlq59Gw==",
      executable: "deno",
      sha256: "dc480c462c8c3582524f3e75c160613d0a975e1f66b5465995d58bae236da7d3",
    },
  },
  "aarch64-unknown-linux-gnu": {
    launcher: "aarch64-unknown-linux-musl",
    os: "linux",
    arch: "aarch64",
    deno: {
      name: "@deno/linux-arm64-glibc",
      integrity:
        "sha512-IuYjsz9PGl7CJcNXMuN27KNDB8Q40brK3SG3l+TXMDVW61ZKwcn0fQHBHnXFiiygEwI8by/fKnASEluhZB1atw==",
      executable: "deno",
      sha256: "e1a70c5eb03b0ebaf761077029ef86b9ba22d50e2b54ca45ce5437457f701b63",
    },
  },
  "aarch64-apple-darwin": {
    launcher: "aarch64-apple-darwin",
    os: "darwin",
    arch: "aarch64",
    deno: {
      name: "@deno/darwin-arm64",
      integrity:
        "sha512-SX98qSdBT1lw9x6NwGwx2xIayl1kRimdRnFohYlJ6nt3mLKzTKHHKQwQs5D2pEY7mbUGGbYe9brM2kfN75pPkg==",
      executable: "deno",
      sha256: "b5bd08edab254d42d7b05aa5b6cb4c9b8d4dede4975aff76951ce2cce18866fa",
    },
  },
  "x86_64-apple-darwin": {
    launcher: "x86_64-apple-darwin",
    os: "darwin",
    arch: "x86_64",
    deno: {
      name: "@deno/darwin-x64",
      integrity:
        "sha512-gbdlxWZuAZFiJiZtTT00Mv/aC7f/31+pyqJGQKlZr5X33WeTo5B0GG+efcX3P1UZceRKHuPEAQ1B/M2oRt8r9Q==",
      executable: "deno",
      sha256: "befc4fee79127584c0f5c9f76ca6bb73c8e6ff523c01acd52e9c5db1968a09cb",
    },
  },
  "x86_64-pc-windows-gnu": {
    launcher: "x86_64-pc-windows-gnu",
    os: "windows",
    arch: "x86_64",
    deno: {
      name: "@deno/win32-x64",
      integrity:
        "sha512-LkcERsH0olOgevg9L9eootSr1U8ydyfnX1bS3mFqU+lGBeTYtlec5b/QF473WUOGVgPlWECrkxi4As5kEaFOzg==",
      executable: "deno.exe",
      sha256: "98f8c2a2d470e4ccb04c935c86ff8050817d877762aec5eaeeb9e409ccb3b9fd",
    },
  },
};

/** All platforms that a file can be made for. */
export const TARGETS: readonly Target[] = PLATFORMS.flatMap((engine) => {
  const details = DETAILS[engine.target];
  return details === undefined ? [] : [{ engine, ...details }];
});

/** What everybody calls the platform: `linux-x64`. */
export function shortName({ os, arch }: Pick<Target, "os" | "arch">): string {
  return `${os === "darwin" ? "macos" : os}-${arch === "x86_64" ? "x64" : "arm64"}`;
}

/** What Deno calls the platform. */
export function denoName({ engine }: Pick<Target, "engine">): string {
  return engine.target.replace(/-windows-gnu$/, "-windows-msvc");
}

/** The target by its short name, or the one that Rust or Deno gives it. @throws {Error} when there is none. */
export function targetCalled(name: string): Target {
  const rustName = name.replace(/-windows-msvc$/, "-windows-gnu");
  const found = TARGETS.find((target) =>
    target.engine.target === rustName || shortName(target) === name
  );
  if (found !== undefined) return found;
  const known = TARGETS.map(shortName).join(", ");
  throw new Error(`No file can be made for "${name}". Known: ${known}.`);
}
