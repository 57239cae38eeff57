// What a hostile carrier does to packets that it was to carry. It has opened them, so its seal on what
// goes on is good: nobody but the two ends themselves can notice. Pure, but for what it remembers.

/** Where a packet goes: to the other end, or back to the one that sent it. */
export type Direction = "on" | "back";

export interface Sent {
  readonly packet: Uint8Array;
  readonly direction: Direction;
}

export const TRICKS = [
  "flips",
  "cuts",
  "repeats",
  "replays",
  "reorders",
  "reflects",
  "forges",
] as const;
export type Trick = typeof TRICKS[number];

/**
 * `tricky`: one packet of some is treated badly, each trick in turn. `flipping`: every packet arrives
 * changed. `zombie`: probes pass, and nothing else. */
export const MOODS = ["tricky", "flipping", "zombie"] as const;
export type Mood = typeof MOODS[number];

/** One of so many packets falls victim to a trick, so that a transfer does not take minutes. */
const VICTIMS = 16;
/** How many packets are kept to be replayed, and how many later one comes that was held back. */
const KEPT = 2_048;
const LATE = 24;
/** Set in the first byte of QUIC's packets alone (RFC 9443). */
const QUIC_BIT = 0x40;

export class Tricks {
  mood: Mood = "tricky";
  /** How often each was played. */
  readonly played: Record<Trick, number> = {
    flips: 0,
    cuts: 0,
    repeats: 0,
    replays: 0,
    reorders: 0,
    reflects: 0,
    forges: 0,
  };
  readonly #kept: Uint8Array[] = [];
  readonly #late = new Map<number, Uint8Array>();
  #count = 0;

  /** What goes out because this packet came. */
  treat(packet: Uint8Array): Sent[] {
    const count = ++this.#count;
    this.#kept[count % KEPT] = packet;
    if (this.mood === "flipping") return [on(this.#flip(packet))];
    if (this.mood === "zombie") return (packet[0]! & QUIC_BIT) === 0 ? [on(packet)] : [];
    const late = this.#late.get(count);
    this.#late.delete(count);
    const due = late === undefined ? [] : [on(late)];
    if (count % VICTIMS !== 0) return [on(packet), ...due];
    const trick = TRICKS[(count / VICTIMS) % TRICKS.length]!;
    this.played[trick]++;
    return [...this.#play(trick, packet), ...due];
  }

  #play(trick: Trick, packet: Uint8Array): Sent[] {
    switch (trick) {
      case "flips":
        return [on(this.#flip(packet))];
      case "cuts":
        return [on(packet.subarray(0, this.#count % packet.length))];
      case "repeats":
        return [on(packet), on(packet)];
      case "replays":
        return [on(packet), on(this.#kept[(this.#count * 7) % KEPT] ?? packet)];
      case "reorders":
        this.#late.set(this.#count + LATE, packet);
        return [];
      case "reflects":
        return [on(packet), { packet, direction: "back" }];
      case "forges":
        return [on(packet), on(forged(packet))];
    }
  }

  /** Changes one bit, another one each time. */
  #flip(packet: Uint8Array): Uint8Array {
    const flipped = packet.slice();
    flipped[(this.#count * 13) % packet.length]! ^= 1 << (this.#count % 8);
    return flipped;
  }
}

function on(packet: Uint8Array): Sent {
  return { packet, direction: "on" };
}

/** One that begins as a real one does: what names the connection is there for all to read. */
function forged(packet: Uint8Array): Uint8Array {
  const { length } = packet;
  return packet.map((byte, at) => at < 9 ? byte : (at * 31 + length) % 256);
}
