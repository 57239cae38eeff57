// Where everything is put together: a running daemon, and the exchange of a token for a membership.

export { type DaemonOptions, runDaemon } from "./daemon.ts";
export { type Joined, joinNetwork, type JoinOptions } from "./join.ts";
