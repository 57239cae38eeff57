// A bare `Deno.serve` that answers with the bytes of a file: what the registry's list is measured
// beside. Prints its port.

const [path] = Deno.args;
const bytes = await Deno.readFile(path!);
const headers = { "content-type": "application/json" };
const server = Deno.serve(
  { hostname: "127.0.0.1", port: 0, onListen: () => {} },
  () => new Response(bytes, { headers }),
);
console.log(server.addr.port);
