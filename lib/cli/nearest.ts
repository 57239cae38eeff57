// "Did you mean": which known names are close to a name that is not known. Pure.

/** The most characters of a name that are compared; longer ones are nobody's typing error. */
const LENGTH_MAX = 64;

/** Known names that `name` may have been meant as, nearest first, at most three. */
export function nearestNames(name: string, known: Iterable<string>): string[] {
  const wanted = name.toLowerCase();
  if (wanted === "" || wanted.length > LENGTH_MAX) return [];
  // A third of the letters may be wrong, and one always.
  const distanceMax = Math.max(1, Math.floor(wanted.length / 3));
  return [...new Set(known)]
    .filter((candidate) => candidate.length <= LENGTH_MAX)
    .map((candidate) => ({ candidate, distance: distanceTo(wanted, candidate.toLowerCase()) }))
    .filter(({ distance }) => distance <= distanceMax)
    .sort((a, b) => a.distance - b.distance || (a.candidate < b.candidate ? -1 : 1))
    .slice(0, 3)
    .map(({ candidate }) => candidate);
}

/** The question for a person, with a space behind it; empty when nothing is near. */
export function didYouMean(name: string, known: Iterable<string>, prefix = ""): string {
  const names = nearestNames(name, known).map((near) => `"${prefix}${near}"`);
  return names.length === 0 ? "" : `Did you mean ${names.join(" or ")}? `;
}

/** A name that starts with what was typed counts as one step away. */
function distanceTo(wanted: string, candidate: string): number {
  if (wanted.length >= 2 && candidate.startsWith(wanted)) return 1;
  return editDistance(wanted, candidate);
}

/** Insertions, deletions, replacements and swaps of neighbours that lead from one to the other (optimal string alignment). */
export function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let row = 1; row <= a.length; row++) {
    const current = [row];
    for (let column = 1; column <= b.length; column++) {
      const isSame = a[row - 1] === b[column - 1];
      let best = Math.min(
        previous[column]! + 1,
        current[column - 1]! + 1,
        previous[column - 1]! + (isSame ? 0 : 1),
      );
      const isSwap = row > 1 && column > 1 && a[row - 1] === b[column - 2] &&
        a[row - 2] === b[column - 1];
      if (isSwap) best = Math.min(best, before[column - 2]! + 1);
      current.push(best);
    }
    before = previous;
    previous = current;
  }
  return previous[b.length]!;
}
