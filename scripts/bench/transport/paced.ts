// Requests at a steady pace, whether or not earlier ones were answered: what waits is then measured
// as the wait that it is. On one connection that stands, and on a fresh connection each.

import { percentile } from "./figures.ts";
import type { Percentiles } from "./peer.ts";
import { MESSAGE_BYTES } from "./transport.ts";

/** An origin that sends back what it gets. */
export function startEcho(): Disposable & { readonly port: number } {
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const serve = async (connection: Deno.TcpConn) => {
    connection.setNoDelay();
    const buffer = new Uint8Array(MESSAGE_BYTES);
    for (let count; (count = await connection.read(buffer)) !== null;) {
      await connection.write(buffer.subarray(0, count));
    }
    connection.close();
  };
  void (async () => {
    for await (const connection of listener) void serve(connection).catch(() => {});
  })();
  return { port: listener.addr.port, [Symbol.dispose]: () => listener.close() };
}

async function connect(port: number): Promise<Deno.TcpConn> {
  const connection = await Deno.connect({ hostname: "127.0.0.1", port });
  connection.setNoDelay();
  return connection;
}

async function readMessage(connection: Deno.TcpConn, buffer: Uint8Array): Promise<void> {
  for (let left = MESSAGE_BYTES; left > 0;) {
    const count = await connection.read(buffer.subarray(0, left));
    if (count === null) throw new Error("the connection was closed");
    left -= count;
  }
}

/** Acts once each interval until the time is over; milliseconds of each. */
async function atPace(
  { seconds, intervalMs }: { readonly seconds: number; readonly intervalMs: number },
  act: () => Promise<void>,
): Promise<Percentiles> {
  const times: number[] = [];
  const running: Promise<void>[] = [];
  const end = performance.now() + seconds * 1000;
  for (let due = performance.now(); due < end; due += intervalMs) {
    const early = due - performance.now();
    if (early > 0) await new Promise((resolve) => setTimeout(resolve, early));
    const start = performance.now();
    running.push(act().then(() => void times.push(performance.now() - start)));
  }
  await Promise.all(running);
  return { p50: percentile(times, 50), p99: percentile(times, 99) };
}

/** Requests on one connection. Answers come in the order of the requests. */
export async function keptAlive(port: number, seconds: number): Promise<Percentiles> {
  using connection = await connect(port);
  const message = new Uint8Array(MESSAGE_BYTES);
  const buffer = new Uint8Array(MESSAGE_BYTES);
  let reading = Promise.resolve();
  const act = async () => {
    await connection.write(message);
    await (reading = reading.then(() => readMessage(connection, buffer)));
  };
  await act();
  return await atPace({ seconds, intervalMs: 5 }, act);
}

/** A connection for each request. */
export async function fresh(port: number, seconds: number): Promise<Percentiles> {
  const act = async () => {
    using connection = await connect(port);
    await connection.write(new Uint8Array(MESSAGE_BYTES));
    await readMessage(connection, new Uint8Array(MESSAGE_BYTES));
  };
  await act();
  return await atPace({ seconds, intervalMs: 10 }, act);
}
