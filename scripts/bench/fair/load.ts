// A process of its own that loads a tunnel, so that the load shares no thread with what is measured.
//
//   load.ts sink          prints its port, then, for each line on standard input, the bytes that
//                         came from each source so far, as JSON
//   load.ts source PORT ID [PORT ID]   writes to the ports as fast as it goes; by one process, so
//                         that the system's scheduler does not decide which of two gets more

const CHUNK_BYTES = 1 << 20;

async function sink(): Promise<void> {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  console.log(listener.addr.port);
  const received: Record<string, number> = {};
  void (async () => {
    for await (const connection of listener) void count(connection, received);
  })();
  const buffer = new Uint8Array(64);
  while (await Deno.stdin.read(buffer) !== null) console.log(JSON.stringify(received));
}

/** The first byte is the source's number. */
async function count(connection: Deno.Conn, received: Record<string, number>): Promise<void> {
  const buffer = new Uint8Array(CHUNK_BYTES);
  let id: number | undefined;
  for (let length; (length = await connection.read(buffer).catch(() => null)) !== null;) {
    id ??= buffer[0]!;
    received[id] = (received[id] ?? 0) + length;
  }
}

async function source(port: number, id: number): Promise<void> {
  const connection = await Deno.connect({ port });
  const chunk = new Uint8Array(CHUNK_BYTES).fill(id);
  while (true) await connection.write(chunk);
}

const [role, ...numbers] = Deno.args;
if (role === "sink") {
  await sink();
} else {
  const sources = numbers.flatMap((port, index) =>
    index % 2 === 0 ? [source(Number(port), Number(numbers[index + 1]))] : []
  );
  await Promise.all(sources);
}
