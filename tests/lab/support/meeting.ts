// How long two nodes took to meet, as both of their logs say: looking at `status` again and again
// would take longer than what is measured.

import type { LabNode } from "./nodes.ts";

/** In seconds since both of them ran. */
export interface Meeting {
  /** Until both had a session with the other, over whichever path. */
  readonly usable: number;
  /** Until it led from the one to the other alone, at both; null if it never did. */
  readonly direct: number | null;
}

/** Reads the logs of two that have met. */
export function meetingOf(a: LabNode, b: LabNode): Meeting {
  const begun = Math.max(...[a, b].map((node) => timeOf(node, /msg="node is ready"/)!));
  const atBoth = (pattern: (peer: string) => RegExp): number | null => {
    const times = [timeOf(a, pattern(b.key)), timeOf(b, pattern(a.key))];
    return times.includes(null) ? null : (Math.max(...times as number[]) - begun) / 1_000;
  };
  return {
    usable: atBoth((peer) => new RegExp(`msg="peer connected" peer=${peer}`))!,
    direct: atBoth((peer) =>
      new RegExp(
        `msg="peer connected" peer=${peer} ip=|another way now" peer=${peer} .*to=[^t]`,
      )
    ),
  };
}

/** When the first such line was written, in milliseconds since 1970; null without one. */
function timeOf({ daemon }: LabNode, pattern: RegExp): number | null {
  const line = daemon.log.find((line) => pattern.test(line));
  return line === undefined ? null : Date.parse(/^time=(\S+)/.exec(line)![1]!);
}
