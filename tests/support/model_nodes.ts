// Files and directories as a process sees them and as the disk has them. What a power failure leaves
// is only what POSIX promises: the bytes of a file up to its last sync, with anything of the writes
// since then or nothing; the names of a directory up to its last sync, each later change made or not.

/** Draws a whole number below `count`. */
export type Draw = (count: number) => number;

/** How a run ends: the process alone, or the whole machine. */
export type CrashKind = "kill" | "power";

export interface FileNode {
  readonly kind: "file";
  /** As processes see it. */
  bytes: Uint8Array;
  /** As the last sync left it. */
  durable: Uint8Array;
  isLocked: boolean;
  mtime: Date;
}

/** A change of one name in a directory; null takes the name away. */
interface NameChange {
  readonly name: string;
  readonly node: Node | null;
}

export interface DirectoryNode {
  readonly kind: "directory";
  readonly names: Map<string, Node>;
  readonly durable: Map<string, Node>;
  /** The changes since the last sync, oldest first. */
  unsynced: NameChange[];
}

export type Node = FileNode | DirectoryNode;

export const newDirectory = (): DirectoryNode => ({
  kind: "directory",
  names: new Map(),
  durable: new Map(),
  unsynced: [],
});

/** What is left of a tree after a crash. A kill leaves what the process saw, and what of it is durable. */
export function survivor(root: DirectoryNode, kind: CrashKind, draw: Draw): DirectoryNode {
  return survive(root, kind, draw, new Map()) as DirectoryNode;
}

/** What is left of a file or a directory, and of everything in it. */
function survive(node: Node, kind: CrashKind, draw: Draw, made: Map<Node, Node>): Node {
  const known = made.get(node);
  if (known !== undefined) return known;
  if (node.kind === "file") {
    const bytes = kind === "kill" ? node.bytes : surviveBytes(node, draw);
    const durable = kind === "kill" ? node.durable : bytes;
    const next: FileNode = { ...node, bytes, durable, isLocked: false };
    made.set(node, next);
    return next;
  }
  const next = newDirectory();
  made.set(node, next);
  const keep = (names: ReadonlyMap<string, Node>, into: Map<string, Node>) => {
    for (const [name, at] of names) into.set(name, survive(at, kind, draw, made));
  };
  if (kind === "kill") {
    keep(node.names, next.names);
    keep(node.durable, next.durable);
    next.unsynced = node.unsynced.map(({ name, node }) => ({
      name,
      node: node === null ? null : survive(node, kind, draw, made),
    }));
    return next;
  }
  const names = new Map(node.durable);
  for (const change of node.unsynced) {
    if (draw(2) === 0) continue;
    if (change.node === null) names.delete(change.name);
    else names.set(change.name, change.node);
  }
  keep(names, next.names);
  keep(names, next.durable);
  return next;
}

/** Each unsynced byte may be there, be zero, or be what it was; the file may be shorter. */
function surviveBytes({ bytes, durable }: FileNode, draw: Draw): Uint8Array {
  const isSynced = bytes.length === durable.length && bytes.every((b, at) => b === durable[at]);
  if (isSynced) return bytes;
  switch (draw(4)) {
    case 0:
      return durable;
    case 1:
      return bytes.slice(0, draw(bytes.length + 1));
    case 2: {
      const zeroed = new Uint8Array(bytes.length);
      zeroed.set(durable);
      return zeroed;
    }
    default: {
      const holed = bytes.slice();
      const start = draw(bytes.length);
      return holed.fill(0, Math.max(start, durable.length));
    }
  }
}
