// A member that lies: it makes up what others say, repeats what is long over, asks without end and
// counts beyond all bounds. Its sessions are as good as anybody's.

import {
  type EventRecord,
  Frame,
  type GossipEvent,
  type SignedEvent,
} from "../../lib/proto/mod.ts";
import { eventSigner } from "../../lib/auth/mod.ts";
import { encodeMemberEvent } from "../../lib/store/core_signed.ts";
import { ALPN_MEMBER_2, type PeerKey, peerKeyBytes, PollenError } from "../../lib/types/mod.ts";
import type { Machine, Member, Running } from "./machine.ts";
import type { World } from "./world.ts";

/** What it has overheard and may say again. */
const OVERHEARD_MAX = 400;
const ATTACK_MS = 300;
const DIAL_MS = 5_000;

export class Hostile {
  readonly #world: World;
  readonly #machine: Machine;
  readonly #sign: (event: Uint8Array) => Uint8Array;
  readonly #overheard: EventRecord[] = [];
  #counter = 1n;
  #running: Running | null = null;
  #isResting = false;

  constructor(world: World, machine: Machine, member: Member) {
    this.#world = world;
    this.#machine = machine;
    this.#sign = eventSigner(member.identity);
  }

  get isActive(): boolean {
    return !this.#isResting;
  }

  /** It is quiet from now on. */
  rest(): void {
    this.#isResting = true;
    this.#world.note("the hostile member rests");
  }

  async start(): Promise<void> {
    const running = await this.#machine.begin(() => null);
    this.#running = running;
    void this.#listen(running);
    this.#every(DIAL_MS, () => this.#dial(running));
    this.#every(ATTACK_MS, () => this.#isResting || this.#attack(running));
  }

  #every(ms: number, act: () => void): void {
    this.#running!.clock.setTimer(ms, () => {
      this.#every(ms, act);
      act();
    });
  }

  async #listen({ mesh }: Running): Promise<void> {
    void (async () => {
      while (await mesh.nextPeerEvent() !== null);
    })();
    void (async () => {
      while (await mesh.recv() !== null);
    })();
    for (let next; (next = await mesh.recvFrame()) !== null;) {
      const { body } = next.frame;
      if (body?.kind !== "records") continue;
      this.#overheard.push(...body.value.records);
      while (this.#overheard.length > OVERHEARD_MAX) {
        this.#overheard.splice(this.#world.seeded.draw(this.#overheard.length), 1);
      }
    }
  }

  #dial({ mesh }: Running): void {
    for (const { key, address } of this.#world.machines) {
      mesh.connect(key, [address], { timeoutMs: 2_000 }).catch(() => {});
    }
  }

  #attack({ mesh }: Running): void {
    const { pick } = this.#world.seeded;
    const peers = mesh.connectedPeers();
    if (peers.length === 0) return;
    const peer = pick(peers);
    try {
      if (mesh.peerLink(peer)!.protocol === ALPN_MEMBER_2) {
        for (const frame of this.#frames(peer)) mesh.sendFrame(peer, frame);
      } else {
        const events = [this.#lie(), this.#lie()];
        mesh.send(peer, { body: { kind: "events", value: { events } } });
      }
    } catch (thrown) {
      if (!(thrown instanceof PollenError)) throw thrown;
    }
  }

  #frames(peer: PeerKey): Frame[] {
    const { draw, pick, bytes } = this.#world.seeded;
    switch (draw(9)) {
      case 0:
        return [records([unsigned(this.#lie()), unsigned(this.#lie(peer))])];
      case 1:
        return [records([signed(this.#lie(), this.#sign), signed(this.#lie(peer), this.#sign)])];
      case 2:
        // What others really said, in any order, as often as it likes.
        return this.#overheard.length === 0
          ? []
          : [records(Array.from({ length: 8 }, () => pick(this.#overheard)))];
      case 3:
        return [this.#aboutItself()];
      case 4: {
        const positions = this.#world.machines.map(({ key }) => ({
          author: peerKeyBytes(key),
          counter: pick([0n, 1n, 2n ** 64n - 1n]),
          fingerprint: bytes(8),
        }));
        return Array.from({ length: 40 }, () => frame({ kind: "summary", value: { positions } }));
      }
      case 5:
        return Array.from(
          { length: 20 },
          () =>
            frame({ kind: "digest", value: { hash: bytes(draw(64)), agents: bytes(draw(64)) } }),
        );
      case 6:
        // Faster than anybody needs them.
        return Array.from(
          { length: 300 },
          () => frame({ kind: "relayRequest", value: { peerId: this.#anybody() } }),
        );
      case 7:
        return Array.from({ length: 200 }, () => this.#aboutRelays());
      default:
        return [frame({ kind: "observedAddress", value: { addr: `9.9.9.${draw(256)}:1` } })];
    }
  }

  #anybody(): Uint8Array {
    return peerKeyBytes(this.#world.seeded.pick(this.#world.machines).key);
  }

  /** As a carrier and as an end, with numbers that are its own and others'. */
  #aboutRelays(): Frame {
    const { draw, pick } = this.#world.seeded;
    const flow = pick([0, 1, 2, draw(50), 2 ** 32 - 1]);
    const peerId = this.#anybody();
    return frame(pick<NonNullable<Frame["body"]>>([
      { kind: "relayGrant", value: { peerId, flow } },
      { kind: "relayAcceptance", value: { flow } },
      { kind: "relayRefusal", value: { peerId, reason: pick([1, 2, 3, 4]) } },
      { kind: "relayWithdrawal", value: { flow, carried: draw(2) === 0 } },
    ]));
  }

  /** Something in the name of another one. */
  #lie(author = this.#world.seeded.pick(this.#world.machines).key): GossipEvent {
    const { draw, pick } = this.#world.seeded;
    const subject = pick(this.#world.machines);
    const other = subject.key;
    const revocation = { ...this.#world.revocationOf(subject), signature: new Uint8Array(64) };
    const counter = pick([
      1n + BigInt(draw(100)),
      65_537n + BigInt(draw(200)),
      2n ** 32n + BigInt(draw(9)),
      2n ** 47n,
      2n ** 64n - 1n,
    ]);
    const deleted = draw(3) === 0;
    const change = pick<NonNullable<GossipEvent["change"]>>([
      { kind: "service", value: { name: pick(["api", "db", "web", "evil"]), port: 666 } },
      { kind: "reachability", value: { peerId: other } },
      { kind: "network", value: { ips: ["9.9.9.9"], localPort: 9 } },
      { kind: "externalPort", value: { externalPort: 9 } },
      { kind: "revocation", value: { revocation } },
    ]);
    return { peerId: author, counter, deleted, change };
  }

  /** What it says of itself: to each something else under the same number, and in leaps. */
  #aboutItself(): Frame {
    const { draw, pick } = this.#world.seeded;
    this.#counter += pick([0n, 0n, 1n, 2n ** 31n]);
    const { key } = this.#machine;
    const event: GossipEvent = {
      peerId: key,
      counter: this.#counter,
      deleted: false,
      change: { kind: "service", value: { name: `s${draw(30)}`, port: 1 + draw(60_000) } },
    };
    return records([signed(event, this.#sign)]);
  }
}

function frame(body: NonNullable<Frame["body"]>): Frame {
  return Frame.create({ body });
}

function records(records: readonly EventRecord[]): Frame {
  return frame({ kind: "records", value: { records: [...records], memberships: [], more: false } });
}

function unsigned(event: GossipEvent): EventRecord {
  return { body: { kind: "unsigned", value: event } };
}

function signed(event: GossipEvent, sign: (event: Uint8Array) => Uint8Array): EventRecord {
  const bytes = encodeMemberEvent(event);
  const value: SignedEvent = { event: bytes, signature: sign(bytes) };
  return { body: { kind: "signed", value } };
}
