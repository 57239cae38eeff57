// What a node has promised, and what it may answer after a crash: what was acknowledged is so; what
// was asked for and not answered is either so or as before; nothing else is there.

import { ok } from "node:assert/strict";

/** Stands for any value: which port a forward gets is known only once it is there. */
export const ANY: unique symbol = Symbol("any");

/** Facts of one kind. A subject without a value is absent: null. */
export class Facts<K, V> {
  readonly #allowed = new Map<K, (V | null | typeof ANY)[]>();

  constructor(readonly kind: string) {}

  /** Subjects of which anything was ever asked. */
  get subjects(): K[] {
    return [...this.#allowed.keys()];
  }

  /** What is so as far as this process can know: null for nothing, or for what is in doubt. */
  get(subject: K): V | null {
    const values = this.#allowed.get(subject) ?? [null];
    return values.length === 1 && values[0] !== ANY ? values[0] as V | null : null;
  }

  isInDoubt(subject: K): boolean {
    return (this.#allowed.get(subject)?.length ?? 1) > 1;
  }

  /** A change is asked for: from now on both may be so. */
  ask(subject: K, value: V | null | typeof ANY): void {
    this.#allowed.set(subject, [...this.#allowed.get(subject) ?? [null], value]);
  }

  /** From now on a subject of this value may have any value as well. */
  loosen(value: V): void {
    for (const values of this.#allowed.values()) if (values.includes(value)) values.push(ANY);
  }

  /** It was answered. */
  acknowledge(subject: K, value: V | null): void {
    this.#allowed.set(subject, [value]);
  }

  /** Demands that this may be so, and that it stays so. */
  observe(subject: K, actual: V | null): void {
    const allowed = this.#allowed.get(subject) ?? [null];
    ok(
      allowed.includes(actual) || actual !== null && allowed.includes(ANY),
      `${this.kind} ${subject}: ${actual} was found where ${
        allowed.map(String).join(" or ")
      } was promised`,
    );
    this.#allowed.set(subject, [actual]);
  }
}
