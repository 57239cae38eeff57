// The mesh: authenticated sessions with members, and invites for those who are not members yet.

export {
  getAdvertisableAddrs,
  type InterfaceAddress,
  isHostIp,
  isPublicIp,
  isRoutableIp,
} from "./addresses.ts";
export { type IdentityOptions, inviteProtocol, memberProtocol } from "./identities.ts";
export { type RedeemDeps, type Redeemer, redeemInvite } from "./invite.ts";
export { Mesh, type MeshOptions } from "./mesh.ts";
export { ALPN_INVITE, ALPN_MEMBER, CloseReason, STREAM_HEAD_BYTES } from "./protocol.ts";
