import assert from "node:assert/strict";
import {
  libraryFileName,
  platformName,
  platformOf,
  PLATFORMS,
  readLibraryHeader,
} from "../../../lib/quic/platform.ts";

Deno.test("each platform has its file name", () => {
  assert.equal(libraryFileName("x86_64-unknown-linux-gnu"), "libpollen_quic.so");
  assert.equal(libraryFileName("aarch64-apple-darwin"), "libpollen_quic.dylib");
  assert.equal(libraryFileName("x86_64-pc-windows-msvc"), "pollen_quic.dll");
});

Deno.test("Deno's and Rust's names lead to the same platform", () => {
  for (const platform of PLATFORMS) assert.equal(platformOf(platform.target), platform);
  assert.equal(platformOf("x86_64-pc-windows-msvc")?.target, "x86_64-pc-windows-gnu");
  assert.equal(platformOf("aarch64-pc-windows-msvc"), null);
  assert.equal(platformOf("riscv64gc-unknown-linux-gnu"), null);
});

// Headers by hand, after elf(5), <mach-o/loader.h> and Microsoft's "PE Format". Each ends with 16
// bytes of content.

function bytes(length: number, write: (view: DataView) => void): Uint8Array {
  const file = new Uint8Array(length);
  write(new DataView(file.buffer));
  return file;
}

function elf(machine = 0x3e): Uint8Array {
  return bytes(64 + 56 + 16, (view) => {
    view.setUint32(0, 0x7f454c46);
    view.setUint8(4, 2); // 64 bits
    view.setUint8(5, 1); // little endian
    view.setUint16(16, 3, true); // shared object
    view.setUint16(18, machine, true);
    view.setBigUint64(32, 64n, true); // program headers
    view.setUint16(54, 56, true);
    view.setUint16(56, 1, true);
    view.setBigUint64(64 + 8, 120n, true); // offset and size in the file
    view.setBigUint64(64 + 32, 16n, true);
  });
}

function machO(machine = 0x0100_000c): Uint8Array {
  return bytes(32 + 72 + 16, (view) => {
    view.setUint32(0, 0xfeedfacf, true);
    view.setUint32(4, machine, true);
    view.setUint32(12, 6, true); // dynamic library
    view.setUint32(16, 1, true);
    view.setUint32(20, 72, true);
    view.setUint32(32, 0x19, true); // segment
    view.setUint32(36, 72, true);
    view.setBigUint64(32 + 40, 104n, true);
    view.setBigUint64(32 + 48, 16n, true);
  });
}

function pe(machine = 0x8664): Uint8Array {
  return bytes(64 + 24 + 40 + 16, (view) => {
    view.setUint16(0, 0x4d5a);
    view.setUint32(0x3c, 64, true);
    view.setUint32(64, 0x50450000);
    view.setUint16(68, machine, true);
    view.setUint16(70, 1, true); // sections
    view.setUint16(86, 0x2000, true); // dynamic library
    view.setUint32(88 + 16, 16, true); // size and offset in the file
    view.setUint32(88 + 20, 128, true);
  });
}

Deno.test("a library's header says what it is for and how long it must be", () => {
  for (
    const [file, name] of [
      [elf(), "Linux on x86_64"],
      [elf(0xb7), "Linux on aarch64"],
      [elf(0xf3), "Linux on machine 0xf3"],
      [machO(), "macOS on aarch64"],
      [machO(0x0100_0007), "macOS on x86_64"],
      [pe(), "Windows on x86_64"],
      [pe(0xaa64), "Windows on aarch64"],
    ] as const
  ) {
    const header = readLibraryHeader(file);
    assert(header !== null, name);
    assert.equal(platformName(header), name);
    assert.equal(header.bytes, file.length, name);
  }
});

Deno.test("libraries of other word sizes and orders are named, programs are no libraries", () => {
  const [small, big, program] = [elf(), elf(), elf()];
  small[4] = 1;
  big[5] = 2;
  program[16] = 2;
  assert.equal(readLibraryHeader(small)?.machine, "a 32-bit machine");
  assert.equal(readLibraryHeader(big)?.machine, "a big-endian machine");
  assert.equal(readLibraryHeader(program), null);
});

Deno.test("no start of a library passes for a whole one, and no change of a byte throws", () => {
  for (const file of [elf(), machO(), pe()]) {
    for (let length = 0; length < file.length; length++) {
      const header = readLibraryHeader(file.subarray(0, length));
      assert(header === null || header.bytes > length, `${length} of ${file.length}`);
    }
    for (let index = 0; index < file.length; index++) {
      for (const value of [0, 1, 0x7f, 0xff]) {
        const altered = file.slice();
        altered[index] = value;
        readLibraryHeader(altered);
      }
    }
  }
});
