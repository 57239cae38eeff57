// The deb and rpm packages of one platform, made by nfpm of `linux/nfpm.yaml`.

import { run } from "../engine/tools.ts";
import { prepareNfpm } from "./nfpm.ts";

/** How both kinds of package call a processor. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

/** What goes into a package. */
export interface PackageContent {
  /** The top of the checkout. */
  readonly root: string;
  /** The folder with Deno and the program, as it is to lie in /usr/lib/pollen. */
  readonly stage: string;
  /** `x64` or `arm64`. */
  readonly processor: string;
  readonly version: string;
  /** The oldest glibc that the program runs with, such as `2.28`. */
  readonly glibc: string;
  /** The moment that all files in it bear, in seconds since 1970. */
  readonly epochSeconds: number;
}

/** Makes both packages in `folder`; their names. */
export async function makePackages(content: PackageContent, folder: string): Promise<string[]> {
  const arch = ARCHITECTURES[content.processor];
  if (arch === undefined) throw new Error(`There are no packages for ${content.processor}.`);
  const nfpm = await prepareNfpm();
  const env = {
    PACKAGE_ARCH: arch,
    PACKAGE_VERSION: content.version,
    PACKAGE_STAGE: content.stage,
    GLIBC_FLOOR: content.glibc,
    SOURCE_DATE_EPOCH: String(content.epochSeconds),
  };
  const config = "scripts/package/linux/nfpm.yaml";
  const names: string[] = [];
  for (const kind of ["deb", "rpm"]) {
    const name = `pollen-${content.version}-linux-${content.processor}.${kind}`;
    const args = [
      "package",
      "--config",
      config,
      "--packager",
      kind,
      "--target",
      `${folder}/${name}`,
    ];
    await run(nfpm, args, { env, cwd: content.root });
    names.push(name);
  }
  return names;
}
