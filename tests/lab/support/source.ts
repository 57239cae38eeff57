// A TCP server as a process of its own: sends every connection as many bytes as its argument says.
// Prints its port.

import { Origin, sendingOrigin } from "../../e2e/support/tcp.ts";

const origin = new Origin(sendingOrigin(Number(Deno.args[0])));
console.log(origin.port);
