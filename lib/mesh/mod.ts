// The mesh: authenticated sessions with members, and invites for those who are not members yet.

export {
  getAdvertisableAddrs,
  type InterfaceAddress,
  isHostIp,
  isPublicIp,
  isRoutableIp,
} from "./addresses.ts";
export { type IdentityOptions, inviteProtocols, memberProtocols } from "./identities.ts";
export { type RedeemDeps, redeemInvite } from "./invite.ts";
export { Mesh } from "./mesh.ts";
export type { MeshOptions } from "./mesh_options.ts";
export type { Redeemer } from "./redeemer.ts";
export { ALPN_INVITE_1, ALPN_INVITE_2, CloseReason } from "./protocol.ts";
export {
  createServerAuthority,
  createServerCertificate,
  type PemIdentity,
} from "./server_certificate.ts";
