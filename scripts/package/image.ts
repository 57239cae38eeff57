// The container image of one platform: Debian's C library and certificates, extracted by mmdebstrap,
// and the program; put together by buildah, which needs no daemon. It runs as a user without rights
// and keeps its state in /data.

import { run } from "../engine/tools.ts";

/** How images call a processor, and how Debian does. */
const ARCHITECTURES: Readonly<Record<string, string>> = { x64: "amd64", arm64: "arm64" };

const DEBIAN = "bookworm";
/** What the program needs, and a shell for the command that starts it. */
const DEBIAN_PACKAGES = ["libc6", "libgcc-s1", "ca-certificates", "dash"];
/** How an archive of the same files gets the same bytes. */
const SAME_BYTES = ["--format=ustar", "--sort=name", "--owner=0", "--group=0", "--numeric-owner"];
/** A user that no image and no machine knows. */
const USER = "65532:65532";

/** What goes into an image. */
export interface ImageContent {
  /** The top of the checkout. */
  readonly root: string;
  /** The folder with Deno and the program, as it is to lie in /usr/lib/pollen. */
  readonly stage: string;
  /** `x64` or `arm64`. */
  readonly processor: string;
  readonly version: string;
  /** The moment that the image bears, in seconds since 1970. */
  readonly epochSeconds: number;
}

/** Makes the image as an OCI archive in `folder`; its name. Needs root, mmdebstrap and buildah. */
export async function makeImage(content: ImageContent, folder: string): Promise<string> {
  const { root, stage, processor, version, epochSeconds } = content;
  const architecture = ARCHITECTURES[processor];
  if (architecture === undefined) throw new Error(`There is no image for ${processor}.`);
  const work = await Deno.makeTempDir({ prefix: "pollen-image-" });
  const buildah = (...args: string[]) => {
    const places = [
      "--root",
      `${work}/storage`,
      "--runroot",
      `${work}/run`,
      "--storage-driver",
      "vfs",
    ];
    return run("buildah", [...places, ...args], { cwd: root });
  };
  const epoch = { SOURCE_DATE_EPOCH: String(epochSeconds) };
  try {
    const base = `${work}/base.tar`;
    const packages = `--include=${DEBIAN_PACKAGES.join(",")}`;
    const choice = ["--quiet", "--variant=extract", `--architectures=${architecture}`, packages];
    await run("mmdebstrap", [...choice, DEBIAN, base], { env: epoch, cwd: work });
    await Deno.mkdir(`${work}/data`);
    const id = await buildah("from", "--arch", architecture, "scratch");
    await buildah("add", "--quiet", id, base, "/");
    await buildah("add", "--quiet", "--chown", "0:0", id, stage, "/usr/lib/pollen");
    await buildah(
      "add",
      "--quiet",
      "--chmod",
      "755",
      id,
      "scripts/package/linux/pollen",
      "/usr/bin/pollen",
    );
    await buildah("add", "--quiet", "--chown", USER, "--chmod", "700", id, `${work}/data`, "/data");
    await buildah(
      ...["config", "--arch", architecture, "--user", USER, "--workingdir", "/data"],
      ...["--env", "POLLEN_DIR=/data", "--env", "HOME=/data", "--env", "CACHE_DIRECTORY=/tmp"],
      ...["--env", "PATH=/usr/bin:/bin", "--volume", "/data", "--port", "60611/udp"],
      ...["--entrypoint", '["/usr/bin/pollen"]', "--cmd", "up"],
      ...["--stop-signal", "SIGTERM"],
      ...["--label", `org.opencontainers.image.version=${version}`],
      ...["--label", "org.opencontainers.image.title=pollen"],
      ...["--label", "org.opencontainers.image.licenses=Apache-2.0"],
      id,
    );
    const name = `pollen-${version}-linux-${processor}.oci.tar`;
    const layout = `${work}/layout`;
    const moment = ["--timestamp", String(epochSeconds), "--quiet"];
    await buildah("commit", "--format", "oci", ...moment, id, `oci:${layout}:pollen:${version}`);
    // An archive by buildah itself bears the moment in which it was made.
    const archive = ["--create", "--file", `${folder}/${name}`, ...SAME_BYTES];
    const moved = [`--mtime=@${epochSeconds}`, "--directory", layout];
    await run("tar", [...archive, ...moved, "oci-layout", "index.json", "blobs"], { cwd: work });
    return name;
  } finally {
    await Deno.remove(work, { recursive: true });
  }
}
