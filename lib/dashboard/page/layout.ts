// Where the machines stand in the picture: on a circle, in the order of their ids, so that nobody
// moves when another one changes its state, and everybody finds the same picture again. Pure.

/** Where one machine stands, in pixels. */
export interface Spot {
  readonly id: string;
  readonly x: number;
  readonly y: number;
  /** The direction from the centre, in radians, clockwise from the right. */
  readonly angle: number;
}

/** The whole picture, in pixels. */
export interface Plan {
  readonly width: number;
  readonly height: number;
  /** Of the mark of a machine. */
  readonly dot: number;
  /** How names are written: level, along the radius, or not at all where there is no room. */
  readonly labels: "level" | "radial" | "none";
  /** Clockwise; the registry's own machine is the first. */
  readonly spots: readonly Spot[];
}

/** Room for names beside the circle, and above and below it where they are level. */
const SIDE_WIDE = 120;
const SIDE_NARROW = 76;
const LEVEL = 30;
const NARROW = 560;
/** Up to how many names are level; along the radius each needs so much of the circle. */
const LEVEL_MAX = 16;
const RADIAL_GAP = 13;
const HEIGHT_MIN = 260;
const HEIGHT_MAX = 620;
const DOT_MIN = 2.5;
const DOT_MAX = 9;

/** A picture of these machines that is `width` wide. */
export function layOut(ids: readonly string[], self: string | null, width: number): Plan {
  const isLevel = ids.length <= LEVEL_MAX;
  const height = Math.max(HEIGHT_MIN, Math.min(HEIGHT_MAX, isLevel ? width * 0.75 : width));
  const side = width < NARROW ? SIDE_NARROW : SIDE_WIDE;
  const radiusWithin = (above: number) =>
    Math.max(40, Math.min(width / 2 - side, height / 2 - above));
  const gapOf = (radius: number) => 2 * Math.PI * radius / Math.max(1, ids.length);

  const isRadial = !isLevel && gapOf(radiusWithin(side)) >= RADIAL_GAP;
  const radius = radiusWithin(isRadial ? side : LEVEL);
  const ordered = [...ids].sort((a, b) =>
    Number(b === self) - Number(a === self) || (a < b ? -1 : 1)
  );
  // Two stand side by side, more begin at the top.
  const first = ordered.length === 2 ? Math.PI : -Math.PI / 2;
  const spots = ordered.map((id, index): Spot => {
    const angle = first + index * 2 * Math.PI / ordered.length;
    const away = ordered.length === 1 ? 0 : radius;
    return {
      id,
      x: width / 2 + away * Math.cos(angle),
      y: height / 2 + away * Math.sin(angle),
      angle,
    };
  });
  const dot = Math.max(DOT_MIN, Math.min(DOT_MAX, gapOf(radius) * 0.35));
  const labels = isLevel ? "level" : isRadial ? "radial" : "none";
  return { width, height, dot, labels, spots };
}

/** How far a point is from the line between two others. */
export function distanceTo(
  point: { readonly x: number; readonly y: number },
  from: Spot,
  to: Spot,
): number {
  const [dx, dy] = [to.x - from.x, to.y - from.y];
  const length2 = dx * dx + dy * dy;
  const along = length2 === 0 ? 0 : ((point.x - from.x) * dx + (point.y - from.y) * dy) / length2;
  const at = Math.max(0, Math.min(1, along));
  return Math.hypot(point.x - from.x - at * dx, point.y - from.y - at * dy);
}
