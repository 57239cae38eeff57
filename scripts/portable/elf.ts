// What a Linux program says of the loader that starts it.

/** Segment type of the loader's path: PT_INTERP (elf(5)). */
const INTERPRETER = 3;

/** The path of the dynamic loader that a 64-bit little-endian ELF program names. @throws {Error} if none. */
export function loaderOf(program: Uint8Array): string {
  const view = new DataView(program.buffer, program.byteOffset, program.byteLength);
  const word = (offset: number) => Number(view.getBigUint64(offset, true));
  for (let index = 0; index < view.getUint16(56, true); index++) {
    const segment = word(32) + index * view.getUint16(54, true);
    if (view.getUint32(segment, true) !== INTERPRETER) continue;
    const start = word(segment + 8);
    return new TextDecoder().decode(program.subarray(start, program.indexOf(0, start)));
  }
  throw new Error("The program names no loader.");
}
