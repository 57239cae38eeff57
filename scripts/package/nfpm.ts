// nfpm makes deb and rpm packages of one description. It is a Go program; what is missing is built at
// the version named here, from the Go module proxy, whose checksums Go itself verifies.

import { cacheFolder, run } from "../engine/tools.ts";

const MODULE = "github.com/goreleaser/nfpm/v2/cmd/nfpm";
const VERSION = "v2.43.0";

/** The path of nfpm, installed if it is missing. @throws {Error} without Go. */
export async function prepareNfpm(): Promise<string> {
  const folder = `${cacheFolder()}/nfpm-${VERSION}`;
  const program = `${folder}/nfpm`;
  if (await Deno.stat(program).then(() => true, () => false)) return program;
  console.log(`package: building nfpm ${VERSION} by go into ${folder}`);
  await run("go", ["install", `${MODULE}@${VERSION}`], { env: { GOBIN: folder }, cwd: "/" });
  return program;
}
