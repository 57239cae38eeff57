// What an engine is opened with: what there is to choose, and how it is written for the library.

import {
  type Congestion,
  CONGESTIONS,
  type LimitCounter,
  PollenError,
  type Protocol,
  type SocketAddress,
} from "../types/mod.ts";
import {
  concat,
  encodeAddress,
  encodeNumber,
  encodeSized,
  encodeText,
  OptionKey,
  type PayloadReader,
} from "./records.ts";

/** What `packetBytesMax` may be; the same as in native/src/limits.rs. */
const PACKET_BYTES_MIN = 1_200;
const PACKET_BYTES_MAX = 16_300;
const RESET_KEY_BYTES = 32;
/** Set to "off", packets go and come one by one: for systems whose segmentation is broken. */
const OFFLOAD_VARIABLE = "POLLEN_QUIC_OFFLOAD";

/** Where an engine listens, for what, and how. */
export interface EngineOptions {
  /** Where the UDP socket is bound: `::` takes IPv4 as well, port 0 lets the system choose. */
  readonly address: SocketAddress;
  /** What to speak from the start; `setProtocols` changes it. */
  readonly protocols: readonly Protocol[];
  /**
   * The largest packet to send, in bytes of UDP payload, 1200…16300. Default: 1452, and 16300 on
   * loopback. Discovery finds what the path carries below that (RFC 8899).
   */
  readonly packetBytesMax?: number;
  /** Default `cubic`. */
  readonly congestion?: Congestion;
  /**
   * 32 secret bytes that only this engine has, and the one that comes after it on this port: with
   * the same ones, it tells the peers of the one before that their sessions are over. Default: by
   * chance, and then peers find out by their idle timeout.
   */
  readonly resetKey?: Uint8Array;
  /**
   * For those who debug: a folder, made if need be, that takes a qlog trace (`.sqlog`) of each
   * session; at most 64 files of 16 MB, the oldest go first. Default: none, which costs nothing.
   */
  readonly qlogDir?: string;
  /**
   * Whether the system may segment and coalesce packets for the engine, where it can. Default: yes,
   * unless the environment says `POLLEN_QUIC_OFFLOAD=off`.
   */
  readonly offload?: boolean;
  /** Takes what found no room before it reached TypeScript. Default: nobody does. */
  readonly limits?: LimitCounter;
}

/** The request for an engine. @throws {PollenError} `invalid_argument`. */
export function encodeOptions(options: EngineOptions): Uint8Array {
  const { address, protocols, qlogDir = "", resetKey = new Uint8Array(0) } = options;
  if (resetKey.length !== 0 && resetKey.length !== RESET_KEY_BYTES) {
    throw new PollenError("invalid_argument", `The key of resets has ${RESET_KEY_BYTES} bytes.`);
  }
  return concat([
    encodeAddress(address),
    encodeNumbers(options),
    encodeSized(encodeText(qlogDir)),
    encodeSized(resetKey),
    encodeProtocols(protocols),
  ]);
}

/** How many there are, then of each its key and its value: see core/options.rs. */
function encodeNumbers({ packetBytesMax, congestion, offload }: EngineOptions): Uint8Array {
  const given: (readonly [number, number])[] = [];
  const mayOffload = offload ?? Deno.env.get(OFFLOAD_VARIABLE) !== "off";
  if (!mayOffload) given.push([OptionKey.oneByOne, 1]);
  if (packetBytesMax !== undefined) {
    const isValid = Number.isInteger(packetBytesMax) &&
      packetBytesMax >= PACKET_BYTES_MIN && packetBytesMax <= PACKET_BYTES_MAX;
    if (!isValid) {
      throw new PollenError(
        "invalid_argument",
        `The largest packet has ${PACKET_BYTES_MIN} to ${PACKET_BYTES_MAX} bytes.`,
      );
    }
    given.push([OptionKey.packetBytesMax, packetBytesMax]);
  }
  if (congestion !== undefined) {
    const number = CONGESTIONS.indexOf(congestion);
    if (number < 0) {
      throw new PollenError(
        "invalid_argument",
        `There is no congestion control "${congestion}"; there is ${CONGESTIONS.join(" and ")}.`,
      );
    }
    given.push([OptionKey.congestion, number]);
  }
  const encoded = given.map(([key, value]) => concat([Uint8Array.of(key), encodeNumber(value)]));
  return concat([Uint8Array.of(given.length), ...encoded]);
}

/** @throws {PollenError} `invalid_argument`. */
export function encodeProtocols(protocols: readonly Protocol[]): Uint8Array {
  return concat(
    protocols.flatMap(
      ({ alpn, fallback = "", identity, serve, headBytes, movesPaths, carriesFlows }) => {
        if (!/^[\x21-\x7e]{1,255}$/.test(alpn) || !/^[\x21-\x7e]{0,255}$/.test(fallback)) {
          throw new PollenError("invalid_argument", "An ALPN name has 1 to 255 ASCII characters.");
        }
        if (!Number.isInteger(headBytes) || headBytes < 0 || headBytes > 64) {
          throw new PollenError("invalid_argument", "The head of a stream has 0 to 64 bytes.");
        }
        return [
          Uint8Array.of((serve ? 1 : 0) + (movesPaths ? 2 : 0) + (carriesFlows ? 4 : 0), headBytes),
          encodeSized(encodeText(alpn)),
          encodeSized(encodeText(fallback)),
          encodeSized(identity.certificate),
          encodeSized(identity.privateKey),
        ];
      },
    ),
  );
}

export function badIdentity(): PollenError {
  return new PollenError(
    "invalid_argument",
    "A certificate and its private key must be a pair of Ed25519, in DER.",
  );
}

/** Why the library gave no engine for these options. */
export function openError({ address, qlogDir }: EngineOptions, answer: PayloadReader): PollenError {
  const [code = 0] = answer.bytes(1);
  const reason = answer.text();
  const place = `UDP port ${address.port} of ${address.ip}`;
  switch (code) {
    case 1:
      return new PollenError("already_exists", `${place} is taken by another program.`);
    case 2:
      return new PollenError("permission_denied", `${place} may not be opened by this user.`);
    case 3:
      return new PollenError("io", `${place} cannot be opened: ${reason}.`);
    case 4:
      return new PollenError("invalid_argument", `${address.ip} is not an IP address.`);
    case 5:
      return badIdentity();
    case 6:
      return new PollenError("exhausted", "This process has too many engines.");
    case 8:
      return new PollenError("io", `The folder for traces, ${qlogDir}, is not usable: ${reason}.`);
    default:
      return new PollenError("internal", "The engine failed to start.");
  }
}
