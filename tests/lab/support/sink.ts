// A TCP client as a process of its own: reads a connection to its argument, a local port, to the end.
// Prints the SHA-256 and the length of what came, and how many milliseconds it took.

import { readHash } from "../../e2e/support/tcp.ts";

const begun = performance.now();
const connection = await Deno.connect({ port: Number(Deno.args[0]) });
const { hash, length } = await readHash(connection);
console.log(hash, length, (performance.now() - begun).toFixed(0));
connection.close();
