// The oldest C library that a Linux library loads with, from the versions that its symbols need.

/** Section type of the needed versions: SHT_GNU_verneed. */
const VERSIONS_NEEDED = 0x6fff_fffe;

/**
 * The highest version of glibc that a 64-bit little-endian ELF file needs, such as `2.28`; null if
 * it needs none.
 *
 * @throws {RangeError} when the file ends within its tables.
 */
export function glibcFloor(file: Uint8Array): string | null {
  const view = new DataView(file.buffer, file.byteOffset, file.byteLength);
  const word = (offset: number) => Number(view.getBigUint64(offset, true));
  const section = (index: number) => word(40) + index * view.getUint16(58, true);
  let floor: string | null = null;
  for (let index = 0; index < view.getUint16(60, true); index++) {
    const header = section(index);
    if (view.getUint32(header + 4, true) !== VERSIONS_NEEDED) continue;
    const strings = word(section(view.getUint32(header + 40, true)) + 24);
    let library = word(header + 24);
    for (let left = view.getUint32(header + 44, true); left > 0; left--) {
      let version = library + view.getUint32(library + 8, true);
      for (let count = view.getUint16(library + 2, true); count > 0; count--) {
        const name = text(file, strings + view.getUint32(version + 8, true));
        const found = /^GLIBC_([\d.]+)$/.exec(name)?.[1];
        if (found !== undefined && (floor === null || isNewer(found, floor))) floor = found;
        version += view.getUint32(version + 12, true);
      }
      library += view.getUint32(library + 12, true);
    }
  }
  return floor;
}

/** Whether version `a` comes after version `b`. */
export function isNewer(a: string, b: string): boolean {
  const [left, right] = [a, b].map((version) => version.split(".").map(Number));
  for (let index = 0; index < Math.max(left!.length, right!.length); index++) {
    const difference = (left![index] ?? 0) - (right![index] ?? 0);
    if (difference !== 0) return difference > 0;
  }
  return false;
}

function text(file: Uint8Array, start: number): string {
  return new TextDecoder("latin1").decode(file.subarray(start, file.indexOf(0, start)));
}
