// Keeps the process alive when an HTTP/2 session ends. In Deno 2.9.5 a session that answers GOAWAY
// by closing itself is torn down while nghttp2 still works on it, and the whole process aborts
// (denoland/deno#36788): one client that connects, calls and hangs up is enough.
//
// The invariant: no session is closed or destroyed inside one of its own callbacks; both wait for
// the next turn of the event loop. This file must be loaded before grpc-js. It goes when a Deno
// with the fix is the oldest we run on; tests/rpc/crash_test.ts tells.

import http2 from "node:http2";
import { setImmediate } from "node:timers";

/** The functions of `node:http2` that make sessions. */
type Factory = (...args: never[]) => object;

const applied = Symbol.for("pollen.http2Shim");

function deferTeardown(session: http2.Http2Session): void {
  const { close, destroy } = session;
  session.close = (callback) => {
    if (session.closed || session.destroyed) return;
    // The deferred close is called without the callback: a session destroyed in between would lose it.
    if (callback !== undefined) session.once("close", callback);
    setImmediate(() => close.call(session));
  };
  session.destroy = (...args: Parameters<typeof destroy>) => {
    setImmediate(() => destroy.apply(session, args));
  };
}

function wrap(name: "createServer" | "createSecureServer" | "connect"): void {
  const module = http2 as unknown as Record<string, Factory>;
  const make = module[name]!;
  module[name] = function (this: unknown, ...args: never[]) {
    const made = make.apply(this, args);
    if (name === "connect") deferTeardown(made as http2.ClientHttp2Session);
    else (made as http2.Http2Server).prependListener("session", deferTeardown);
    return made;
  };
}

if (!Reflect.has(http2, applied)) {
  Object.defineProperty(http2, applied, { value: true });
  wrap("createServer");
  wrap("createSecureServer");
  wrap("connect");
}
