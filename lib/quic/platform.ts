// The platforms that an engine is built for, and what a library file says of its own platform.
// A header is read before the system's loader sees the file: the loader names a library for another
// machine in words that help nobody, and a file that was cut short ends the process.

/** A kind of library file: Linux, macOS, Windows. */
export type LibraryFormat = "elf" | "mach-o" | "pe";

/** One platform that an engine is built for. */
export interface Platform {
  /** Rust's name of it, and that of its folder in `prebuilt/`. */
  readonly target: string;
  readonly format: LibraryFormat;
  /** As in the first part of a target triple. */
  readonly machine: string;
  /** The oldest C library it loads with; null where the system's version does not matter. */
  readonly glibc: string | null;
}

export const PLATFORMS: readonly Platform[] = [
  { target: "x86_64-unknown-linux-gnu", format: "elf", machine: "x86_64", glibc: "2.28" },
  { target: "aarch64-unknown-linux-gnu", format: "elf", machine: "aarch64", glibc: "2.28" },
  { target: "aarch64-apple-darwin", format: "mach-o", machine: "aarch64", glibc: null },
  { target: "x86_64-apple-darwin", format: "mach-o", machine: "x86_64", glibc: null },
  { target: "x86_64-pc-windows-gnu", format: "pe", machine: "x86_64", glibc: null },
];

/**
 * The platform by the name that Deno (`Deno.build.target`) or Rust gives it; null if there is no
 * engine for it. On Windows the two differ: a library is loaded whatever tool chain made it.
 */
export function platformOf(target: string): Platform | null {
  const name = target.replace(/-windows-msvc$/, "-windows-gnu");
  return PLATFORMS.find((platform) => platform.target === name) ?? null;
}

/** The name of the library's file for a target triple. */
export function libraryFileName(target: string): string {
  if (target.includes("windows")) return "pollen_quic.dll";
  if (target.includes("darwin")) return "libpollen_quic.dylib";
  return "libpollen_quic.so";
}

/** What a library file says of itself. */
export interface LibraryHeader {
  readonly format: LibraryFormat;
  /** As in {@link Platform}; a number in hexadecimal if it is none that Pollen knows. */
  readonly machine: string;
  /** The file must have at least so many bytes; more than it has if it was cut short. */
  readonly bytes: number;
}

/** A platform in words. */
export function platformName({ format, machine }: Pick<Platform, "format" | "machine">): string {
  return `${{ elf: "Linux", "mach-o": "macOS", pe: "Windows" }[format]} on ${machine}`;
}

const ELF_MACHINES: Readonly<Record<number, string>> = { 0x3e: "x86_64", 0xb7: "aarch64" };
const MACH_O_MACHINES: Readonly<Record<number, string>> = {
  0x0100_0007: "x86_64",
  0x0100_000c: "aarch64",
};
const PE_MACHINES: Readonly<Record<number, string>> = { 0x8664: "x86_64", 0xaa64: "aarch64" };

function machineName(names: Readonly<Record<number, string>>, value: number): string {
  return names[value] ?? `machine 0x${value.toString(16)}`;
}

/** Reads the header of a library; null if `file` is none or ends within its header. */
export function readLibraryHeader(file: Uint8Array): LibraryHeader | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  try {
    if (view.getUint32(0) === 0x7f45_4c46) return readElf(view);
    if (view.getUint32(0, true) === 0xfeed_facf) return readMachO(view);
    if (view.getUint16(0) === 0x4d5a) return readPe(view);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
  }
  return null;
}

// Structures and numbers: elf(5); <mach-o/loader.h>; Microsoft's "PE Format".

function readElf(view: DataView): LibraryHeader | null {
  const [is64, isLittleEndian] = [view.getUint8(4) === 2, view.getUint8(5) === 1];
  if (!is64 || !isLittleEndian) {
    return { format: "elf", machine: is64 ? "a big-endian machine" : "a 32-bit machine", bytes: 0 };
  }
  const isSharedObject = view.getUint16(16, true) === 3;
  if (!isSharedObject) return null;
  const word = (offset: number) => Number(view.getBigUint64(offset, true));
  const [segments, sections] = [word(32), word(40)];
  let bytes = sections + view.getUint16(58, true) * view.getUint16(60, true);
  for (let index = 0; index < view.getUint16(56, true); index++) {
    const segment = segments + index * view.getUint16(54, true);
    bytes = Math.max(bytes, word(segment + 8) + word(segment + 32));
  }
  return { format: "elf", machine: machineName(ELF_MACHINES, view.getUint16(18, true)), bytes };
}

function readMachO(view: DataView): LibraryHeader | null {
  const isDynamicLibrary = view.getUint32(12, true) === 6;
  if (!isDynamicLibrary) return null;
  let bytes = 32 + view.getUint32(20, true);
  let command = 32;
  for (let left = view.getUint32(16, true); left > 0; left--) {
    const isSegment = view.getUint32(command, true) === 0x19;
    if (isSegment) {
      const [offset, size] = [command + 40, command + 48].map((at) => view.getBigUint64(at, true));
      bytes = Math.max(bytes, Number(offset! + size!));
    }
    const length = view.getUint32(command + 4, true);
    if (length < 8) return null;
    command += length;
  }
  const machine = machineName(MACH_O_MACHINES, view.getUint32(4, true));
  return { format: "mach-o", machine, bytes };
}

function readPe(view: DataView): LibraryHeader | null {
  const header = view.getUint32(0x3c, true);
  const isPe = view.getUint32(header) === 0x5045_0000;
  const isDynamicLibrary = isPe && (view.getUint16(header + 22, true) & 0x2000) !== 0;
  if (!isDynamicLibrary) return null;
  const sections = header + 24 + view.getUint16(header + 20, true);
  let bytes = sections;
  for (let index = 0; index < view.getUint16(header + 6, true); index++) {
    const section = sections + 40 * index;
    bytes = Math.max(
      bytes,
      view.getUint32(section + 20, true) + view.getUint32(section + 16, true),
    );
  }
  return {
    format: "pe",
    machine: machineName(PE_MACHINES, view.getUint16(header + 4, true)),
    bytes,
  };
}
