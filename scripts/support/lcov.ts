// A coverage report in lcov's format, by room of lib/.

import { relative } from "../paths.ts";

/** What was reached of what there is. */
export interface Tally {
  readonly lines: number;
  readonly linesHit: number;
  readonly branches: number;
  readonly branchesHit: number;
}

/** One file of a room. */
export interface FileReport {
  /** Under the top of the repository. */
  readonly file: string;
  readonly room: string;
  readonly tally: Tally;
  /** Lines on which a branch begins that was never taken. */
  readonly missed: readonly number[];
}

/** The files of rooms in a report, generated code aside. `root` is the top of the repository. */
export function readLcov(report: string, root: string): FileReport[] {
  return report.split("end_of_record").flatMap((record) => {
    const file = relative(root, /^SF:(.+)$/m.exec(record)?.[1] ?? root);
    const room = /^lib\/([^/]+)\//.exec(file)?.[1];
    return room === undefined || file.startsWith("lib/proto/gen/")
      ? []
      : [{ file, room, ...readCounts(record) }];
  });
}

function readCounts(record: string): Pick<FileReport, "tally" | "missed"> {
  const count = (name: string) =>
    Number(new RegExp(`^${name}:(\\d+)$`, "m").exec(record)?.[1] ?? 0);
  const branches = [...record.matchAll(/^BRDA:(\d+),\d+,\d+,(\d+|-)$/gm)]
    .map(([, line, taken]) => ({ line: Number(line), isTaken: taken !== "0" && taken !== "-" }));
  const missed = branches.filter(({ isTaken }) => !isTaken).map(({ line }) => line);
  return {
    tally: {
      lines: count("LF"),
      linesHit: count("LH"),
      branches: branches.length,
      branchesHit: branches.length - missed.length,
    },
    missed,
  };
}

/** The sums of the rooms, by name. */
export function byRoom(reports: readonly FileReport[]): [room: string, Tally][] {
  const rooms = Map.groupBy(reports, ({ room }) => room);
  return [...rooms].sort(([a], [b]) => a < b ? -1 : 1).map(([room, files]) => {
    const sum = (key: keyof Tally) => files.reduce((total, { tally }) => total + tally[key], 0);
    return [room, {
      lines: sum("lines"),
      linesHit: sum("linesHit"),
      branches: sum("branches"),
      branchesHit: sum("branchesHit"),
    }];
  });
}
