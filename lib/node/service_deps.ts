// What the answers to the command line are made of.

import type { AdminSigner, SignedTimes } from "../auth/mod.ts";
import type { Condition, MembershipCert } from "../proto/mod.ts";
import type { Store } from "../store/mod.ts";
import type { Manager } from "../tunnel/mod.ts";
import type { Clock, ExceededLimits, Mesh, PeerKey } from "../types/mod.ts";
import type { Node } from "./node.ts";

/** What the calls are answered from. */
export interface NodeServiceDeps {
  /** Carries the commands out. */
  readonly node: Node;
  /** This node's own key. */
  readonly local: PeerKey;
  /** Says which peers are connected, and where. */
  readonly mesh: Mesh<unknown, unknown>;
  /** Says which nodes and services there are. */
  readonly store: Store;
  /** Says which forwards there are. */
  readonly tunnels: Manager;
  /** This node's membership as it is now, whose dates the status tells. */
  certificate(): MembershipCert;
  /** Tells whether the clock is behind. Default: nobody does. */
  readonly signedTimes?: SignedTimes;
  /** Tells which limits refused something. Default: nobody does. */
  readonly limits?: Pick<ExceededLimits, "totals">;
  /** What signs revocations; null when this node holds no admin key. */
  readonly signer: AdminSigner | null;
  /** Its wall clock judges whether the membership ends soon, and dates revocations. */
  readonly clock: Clock;
  /** Ends the daemon; returns at once. */
  shutdown(): void;
  /** What is wrong with that which runs beside the node. Default: nothing. */
  readonly otherConditions?: () => readonly Condition[];
}
