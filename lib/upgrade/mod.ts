// Upgrading this program from a signed release: what a release is, where it lies, and how one file
// takes another one's place. Nothing here knows of nodes.

export { readRelease, type Release, releasePlatform } from "./release.ts";
export { releaseKey } from "./release_key.ts";
export { openSource, type Source } from "./source.ts";
export { type Replaced, replaceProgram, restoreProgram } from "./replace.ts";
