// How values are written for people. Everything that a node says is text and stays text: what
// cannot be seen, or would turn the direction of what follows, is shown as a sign of its own.

/** A node's text with nothing invisible in it. */
export function visible(text: string): string {
  return text
    // deno-lint-ignore no-control-regex -- they are what is looked for
    .replace(/[\u0000-\u001f]/g, (sign) => String.fromCharCode(0x2400 + sign.charCodeAt(0)))
    .replace(/[\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]/g, "\ufffd");
}

/** How long ago something was: `3 s`, `5 min`, `2 h`, `4 d`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1000));
  if (seconds < 60) return `${seconds} s`;
  if (seconds < 3_600) return `${Math.floor(seconds / 60)} min`;
  if (seconds < 86_400) return `${Math.floor(seconds / 3_600)} h`;
  return `${Math.floor(seconds / 86_400)} d`;
}

const moments = new Intl.DateTimeFormat(undefined, { dateStyle: "medium", timeStyle: "medium" });
const times = new Intl.DateTimeFormat(undefined, { timeStyle: "medium" });

/** A date with its time, where the reader is. */
export function moment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "" : moments.format(date);
}

/** The time alone. */
export function time(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "" : times.format(date);
}

const hours = new Intl.DateTimeFormat(undefined, { timeStyle: "short" });

/** The time without seconds. */
export function hour(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? "" : hours.format(date);
}

const numbers = new Intl.NumberFormat();

export function count(value: number): string {
  return numbers.format(value);
}
