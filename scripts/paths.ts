// The path functions that scripts and tests use, from the platform's own library.

export { basename, dirname, isAbsolute, join, relative, resolve } from "node:path";
export { fileURLToPath as fromFileUrl } from "node:url";
