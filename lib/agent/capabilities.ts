// What this machine has, in the words that agents of Orchion use: processors, memory, system, and
// graphics processors by NVIDIA's own tool or, on Linux, by what the kernel tells.

import { orchion } from "../proto/mod.ts";

const GIB = 1024 ** 3;

/** Milliseconds that NVIDIA's tool may take; a driver that hangs must not hang us. */
const TOOL_TIMEOUT_MS = 3_000;

/** Vendors by their PCI number. */
const VENDORS: Readonly<Record<string, string>> = {
  "0x10de": "NVIDIA",
  "0x1002": "AMD",
  "0x8086": "Intel",
};

/** Go's names, which those of Orchion are. */
const MACHINES: Readonly<Record<typeof Deno.build.arch, string>> = {
  x86_64: "amd64",
  aarch64: "arm64",
};

type Gpu = Pick<
  orchion.Capabilities,
  | "gpuType"
  | "gpuVramTotal"
  | "gpuVramAvailable"
  | "gpuVramUsed"
  | "gpuTemperature"
  | "gpuPowerUsage"
>;

const NO_GPU: Gpu = {
  gpuType: "No GPU detected",
  gpuVramTotal: "N/A",
  gpuVramAvailable: "N/A",
  gpuVramUsed: "N/A",
  gpuTemperature: "N/A",
  gpuPowerUsage: "N/A",
};

/** Looks at this machine. Never fails: what cannot be found out says so. */
export async function gatherCapabilities(): Promise<orchion.Capabilities> {
  return orchion.Capabilities.create({
    cpu: `${navigator.hardwareConcurrency} cores`,
    memory: `${(Deno.systemMemoryInfo().total / GIB).toFixed(2)} GB`,
    os: `${Deno.build.os}/${MACHINES[Deno.build.arch]}`,
    powerUsage: "Power monitoring not available",
    ...await nvidia() ?? kernelGpu() ?? NO_GPU,
  });
}

const NVIDIA_FIELDS = "name,memory.total,memory.free,memory.used,temperature.gpu,power.draw";

async function nvidia(): Promise<Gpu | null> {
  try {
    const { success, stdout } = await new Deno.Command("nvidia-smi", {
      args: [`--query-gpu=${NVIDIA_FIELDS}`, "--format=csv,noheader,nounits"],
      stdin: "null",
      stderr: "null",
      signal: AbortSignal.timeout(TOOL_TIMEOUT_MS),
    }).output();
    return success ? parseNvidia(new TextDecoder().decode(stdout)) : null;
  } catch {
    return null;
  }
}

/** What `nvidia-smi` tells: one line for each card, memory in MiB. Memory is that of all together. */
export function parseNvidia(csv: string): Gpu | null {
  const cards = csv.trim().split("\n").map((line) => line.split(",").map((field) => field.trim()))
    .filter((fields) => fields.length === NVIDIA_FIELDS.split(",").length);
  if (cards.length === 0) return null;
  const sum = (column: number) =>
    cards.reduce((total, fields) => total + Number(fields[column]), 0) / 1024;
  const gigabytes = (column: number) =>
    Number.isNaN(sum(column)) ? "Unknown" : `${sum(column).toFixed(1)} GB`;
  const each = (column: number, unit: (value: number) => string) =>
    cards.map((fields) => {
      const value = Number(fields[column]);
      return Number.isNaN(value) ? "Unknown" : unit(value);
    }).join(", ");
  return {
    gpuType: cards.map(([name]) => name).join(", "),
    gpuVramTotal: gigabytes(1),
    gpuVramAvailable: gigabytes(2),
    gpuVramUsed: gigabytes(3),
    gpuTemperature: each(4, (value) => `${value.toFixed(0)}°C`),
    gpuPowerUsage: each(5, (value) => `${value.toFixed(1)} W`),
  };
}

/** The first card that the kernel of Linux knows; amdgpu tells its memory as well. */
function kernelGpu(root = "/sys/class/drm"): Gpu | null {
  try {
    const cards = [...Deno.readDirSync(root)].map(({ name }) => name)
      .filter((name) => /^card\d+$/.test(name)).sort();
    for (const card of cards) {
      const vendor = VENDORS[read(`${root}/${card}/device/vendor`) ?? ""];
      if (vendor === undefined) continue;
      const total = Number(read(`${root}/${card}/device/mem_info_vram_total`) ?? NaN);
      const used = Number(read(`${root}/${card}/device/mem_info_vram_used`) ?? NaN);
      const gigabytes = (bytes: number) =>
        Number.isNaN(bytes) ? "Unknown" : `${(bytes / GIB).toFixed(1)} GB`;
      return {
        gpuType: `${vendor} GPU`,
        gpuVramTotal: gigabytes(total),
        gpuVramAvailable: gigabytes(total - used),
        gpuVramUsed: gigabytes(used),
        gpuTemperature: "Unknown",
        gpuPowerUsage: "Unknown",
      };
    }
  } catch {
    // No such folder: another system, or a machine without a screen.
  }
  return null;
}

function read(path: string): string | null {
  try {
    return Deno.readTextFileSync(path).trim();
  } catch {
    return null;
  }
}
