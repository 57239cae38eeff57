// The table of commands. Each is loaded when it is used; help needs only this file.
//
// What a program may import later, Deno reads when it starts: with each command go hundreds of files.
// The cast to string hides that from Deno, and not from the bundler, which drops types first.

import type { Command } from "./command.ts";
import { REGISTRY_COMMANDS } from "./registry_commands.ts";

const NONE = { min: 0, max: 0 };

/** Every command, in the order in which a newcomer needs them. */
export const COMMANDS: readonly Command[] = [
  {
    name: "init",
    summary: "Start a new private network on this machine.",
    usage: "",
    positionals: NONE,
    flags: {},
    description: "Makes this machine the first of a new network and keeps the network's root key " +
      "here. Run it once, on one machine; the others join with an invite.",
    examples: [{ line: "pollen init", note: "then: pollen up -d" }],
    load: async () => (await import("./commands/init.ts" as string)).init,
  },
  {
    name: "up",
    summary: "Run pollen on this machine.",
    usage: "",
    positionals: NONE,
    flags: {
      port: { value: "N", summary: "The UDP port to listen on (default 60611; 0: any free one)." },
      ips: { value: "A,B", summary: "The IP addresses at which others can reach this machine." },
      advertise: {
        value: "HOST:PORT",
        isList: true,
        summary: "Where else others reach this machine; may be given again.",
      },
      "no-port-mapping": { summary: "Do not ask the router to let others in." },
      "no-relay": { summary: "Do not carry packets for machines that cannot reach each other." },
      "relay-limit": {
        value: "N",
        summary: "Megabytes per second that each of these may send (default 12).",
      },
      detach: { short: "d", summary: "Run in the background; returns when it is up." },
      log: { value: "FILE", summary: "Add the log to this file (a new one every 10 MB)." },
      registry: { summary: "Also serve a registry of agents (see: pollen registry --help)." },
      "registry-port": { value: "N", summary: "Its TCP port of gRPC (default 50051)." },
      "registry-http-port": { value: "N", summary: "Its TCP port of HTTP (default 8080)." },
      "registry-storage": {
        value: "PLACE",
        summary: "Where it keeps nodes: sqlite:FILE, postgres://…",
      },
      "registry-bind": {
        value: "A,B",
        summary: "The IP addresses it serves at (default 127.0.0.1, ::1).",
      },
      "registry-open": { summary: "It asks nobody for a token." },
      "registry-allow-host": {
        value: "NAME",
        isList: true,
        summary: "A name by which browsers may call it; may be given again.",
      },
      "registry-tls": { summary: "It encrypts; others trust registry_ca.pem of the state folder." },
      "token-file": {
        value: "FILE",
        summary: "Join first with the token in this file, unless in a network already.",
      },
    },
    description: "Connects this machine with the others of its network and stays in the " +
      "foreground. Ctrl-C or `pollen down` stops it. In the background it outlives the terminal, " +
      "and its log is pollen.log in the state folder.",
    examples: [
      { line: "pollen up -d", note: "in the background" },
      { line: "pollen up", note: "in the foreground, the log on standard error" },
      { line: "pollen up --port 7000 --ips 203.0.113.7", note: "behind a fixed address" },
      { line: "pollen up --token-file token.txt", note: "set up by a program, or in a container" },
    ],
    isService: true,
    load: async () => (await import("./commands/up.ts" as string)).up,
  },
  {
    name: "invite",
    summary: "Make a token with which one more machine can join.",
    usage: "[subject]",
    positionals: { min: 0, max: 1 },
    flags: {
      subject: { value: "KEY", summary: "Only this machine may use it (its `pollen id`)." },
      ttl: { value: "TIME", summary: "How long it can be used (default 5m)." },
      for: { value: "TIME", summary: "The machine is a member for so long, and no longer." },
      bootstrap: {
        value: "KEY@HOST:PORT",
        isList: true,
        summary: "Where the new machine finds the network; may be given again.",
      },
    },
    description: "Prints a token that lets one machine join. The token is good once. Which " +
      "addresses it carries is said on standard error.",
    examples: [
      { line: "pollen invite", note: "then, there: pollen join <token>" },
      { line: "pollen invite --ttl 1h > token.txt", note: "more time" },
      { line: "pollen invite --for 7d", note: "a guest: it leaves the network after a week" },
    ],
    load: async () => (await import("./commands/invite.ts" as string)).invite,
  },
  {
    name: "join",
    summary: "Join a network with a token, and run pollen.",
    usage: "<token>",
    positionals: { min: 1, max: 1 },
    flags: {
      "no-start": { summary: "Only join; run it later with: pollen up" },
      switch: { summary: "Leave the network that this machine is in for this one." },
    },
    description:
      "Makes this machine a member of the network that the token comes from and leaves " +
      "pollen running in the background. A token of `-` is read from standard input, where no " +
      "list of processes shows it.",
    examples: [
      { line: "pollen join <token>", note: "then: pollen serve 8080" },
      { line: "pollen join - < token.txt", note: "keeps the token off the command line" },
      { line: "pollen join <token> --switch", note: "from another network into this one" },
    ],
    load: async () => (await import("./commands/join.ts" as string)).join,
  },
  {
    name: "serve",
    summary: "Offer a local port to the network.",
    usage: "<port> [name]",
    positionals: { min: 1, max: 2 },
    flags: { udp: { summary: "A port of UDP, not of TCP." } },
    description:
      "Lets the other machines of the network connect to a TCP port of this machine, or " +
      "send to a UDP port of it. Without a name the service is called by its port.",
    examples: [
      { line: "pollen serve 8080 api", note: "then, elsewhere: pollen connect api" },
      { line: "pollen serve --udp 53 dns", note: "then, elsewhere: pollen connect dns" },
    ],
    load: async () => (await import("./commands/serve.ts" as string)).serve,
  },
  {
    name: "unserve",
    summary: "Take an offered port back.",
    usage: "<port|name>",
    positionals: { min: 1, max: 1 },
    flags: {},
    description: "Ends what `serve` began. Connections through it are cut. By the port, all its " +
      "names go; by a name, the port goes with its last name.",
    examples: [
      { line: "pollen unserve api", note: "by name" },
      { line: "pollen unserve 8080", note: "by port" },
    ],
    load: async () => (await import("./commands/unserve.ts" as string)).unserve,
  },
  {
    name: "connect",
    summary: "Bring a service of another machine to a local port.",
    usage: "<service> [provider] [local-port]",
    positionals: { min: 1, max: 3 },
    flags: {
      provider: { value: "KEY", summary: "Which machine's, by the first characters of its key." },
      "local-port": { value: "N", summary: "The local port (default: that of the service)." },
    },
    description:
      "Opens a port on 127.0.0.1, of UDP if the service is, that leads to it. It stays until the " +
      "service is disconnected, comes back by itself when the other machine does, and follows the " +
      "name when that machine serves it on another port. " +
      "A second argument that is a port number is the local port.",
    examples: [
      { line: "pollen connect api", note: "then: curl http://127.0.0.1:8080/" },
      { line: "pollen connect api 9000", note: "on local port 9000" },
      { line: "pollen connect api 3f9a --local-port 9000", note: "of one of several providers" },
    ],
    load: async () => (await import("./commands/connect.ts" as string)).connect,
  },
  {
    name: "disconnect",
    summary: "Close a local port that leads to a service.",
    usage: "<local-port|service> [provider]",
    positionals: { min: 1, max: 2 },
    flags: {},
    description: "Ends what `connect` began, and its connections. It does not come back.",
    examples: [
      { line: "pollen disconnect 9000", note: "by the local port" },
      { line: "pollen disconnect api 3f9a", note: "by the service and its machine" },
    ],
    load: async () => (await import("./commands/disconnect.ts" as string)).disconnect,
  },
  {
    name: "status",
    summary: "Show machines, services and forwards.",
    usage: "",
    positionals: NONE,
    flags: {
      all: { summary: "Also what is offline." },
      wide: { summary: "Keys in full." },
    },
    description: "Shows this machine, the others, what they offer, and what is forwarded here.",
    examples: [
      { line: "pollen status --all", note: "offline machines too" },
      { line: "pollen status --json", note: "everything, for programs" },
    ],
    load: async () => (await import("./commands/status.ts" as string)).status,
  },
  {
    name: "down",
    summary: "Stop pollen on this machine.",
    usage: "",
    positionals: NONE,
    flags: {},
    description: "Asks the running daemon to stop and waits until it has.",
    examples: [{ line: "pollen down", note: "start again with: pollen up -d" }],
    load: async () => (await import("./commands/down.ts" as string)).down,
  },
  {
    name: "revoke",
    summary: "Shut a machine out of the network, for good.",
    usage: "<peer-prefix>",
    positionals: { min: 1, max: 1 },
    flags: {},
    description: "Takes the membership of the machine whose key begins so away. Only the machine " +
      "that holds the root key can do this.",
    examples: [{ line: "pollen revoke 3f9a", note: "keys: pollen status --all" }],
    load: async () => (await import("./commands/revoke.ts" as string)).revoke,
  },
  {
    name: "purge",
    summary: "Remove the network from this machine.",
    usage: "",
    positionals: NONE,
    flags: {
      all: { summary: "Also the key that this machine is known by." },
      yes: { summary: "Do not ask." },
      "delete-root-key": {
        value: "NETWORK",
        summary: "Also the root key of this network. Nothing brings it back.",
      },
    },
    description: "Removes membership, state, settings and log of the stopped node. The key that " +
      "this machine is known by is kept unless --all is given, and a network's root key unless " +
      "the network is named.",
    examples: [
      { line: "pollen purge", note: "asks first" },
      { line: "pollen purge --all --yes", note: "this machine's key too, without asking" },
    ],
    load: async () => (await import("./commands/purge.ts" as string)).purge,
  },
  ...REGISTRY_COMMANDS,
  {
    name: "upgrade",
    summary: "Replace pollen by the version of a release.",
    usage: "--from <folder|address>",
    positionals: NONE,
    flags: {
      from: { value: "PLACE", summary: "The folder or web address of the release." },
      check: { summary: "Only say which version is there." },
      downgrade: { summary: "Also go back to an older version." },
      key: { value: "FILE", summary: "The public key (PEM) that must have signed it." },
    },
    description: "Verifies the signature and the checksum, tries the new program, puts it in the " +
      "place of this one, and starts the node again if it runs in the background. If it does not " +
      "come up, the old program comes back.",
    examples: [{ line: "pollen upgrade --from https://…", note: "where the releases are" }],
    load: async () => (await import("./commands/upgrade.ts" as string)).upgrade,
  },
  {
    name: "id",
    summary: "Print this machine's key.",
    usage: "",
    positionals: NONE,
    flags: {},
    description: "Prints the 64 characters by which the other machines know this one.",
    examples: [{ line: "pollen id", note: "for: pollen invite --subject <key>" }],
    load: async () => (await import("./commands/id.ts" as string)).id,
  },
  {
    name: "version",
    summary: "Print the version.",
    usage: "",
    positionals: NONE,
    flags: { short: { summary: "Only the number." } },
    description: "Prints the version of pollen and what it runs on.",
    examples: [{ line: "pollen version --short", note: "for scripts" }],
    load: async () => (await import("./commands/version.ts" as string)).version,
  },
];
