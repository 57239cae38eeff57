// Who may take part: keys, certificates, tokens, revocations, and the credentials on disk. All
// signatures of the program are made and verified here; the only exception is TLS.

export {
  AdminSigner,
  type InviteRequest,
  type JoinTokenRequest,
  type MembershipRequest,
} from "./admin_signer.ts";
export {
  genAdminKey,
  installAdminCert,
  loadAdminSigner,
  type SignerOptions,
} from "./admin_signer_files.ts";
export { isGenuineMembership, verifyAdminCert, verifyMembershipCert } from "./certificates.ts";
export {
  demandSameNetwork,
  enrol,
  initRoot,
  type InitRootOptions,
  type InitRootResult,
  loadNodeCredentials,
  renewMembership,
} from "./credentials.ts";
export type { NodeCredentials } from "./credentials_files.ts";
export { eventSigner, pageSigner, verifyEvent, verifyPage } from "./events.ts";
export {
  derivePortMappingNonce,
  deriveResetKey,
  genIdentityKey,
  type IdentityKey,
  loadIdentityKey,
  readIdentityPub,
} from "./identity.ts";
export { InviteRedeemer, type RedeemerOptions } from "./invite_redeemer.ts";
export { notEnrolled } from "./lost_files.ts";
export { type KeyInventory, readKeyInventory } from "./key_inventory.ts";
export {
  beginChange,
  endChange,
  enrolByChange,
  loadChange,
  type NetworkChange,
  readOldCredentials,
} from "./network_change.ts";
export { keysDirectory } from "./paths.ts";
export { formatUnix, isCertExpiredAt } from "./refusal.ts";
export { isBetter, renewed } from "./renewal.ts";
export { verifyRevocation } from "./revocations.ts";
export { SignedTimes } from "./signed_times.ts";
export { type OpenedRedemption, sealRedemption, type SentRedemption } from "./sealed_redemption.ts";
export type { SigningKey } from "./signature.ts";
export { decodeToken, encodeInviteToken, encodeJoinToken, type Token } from "./token_text.ts";
export { isForIssuerAlone } from "./token_ids.ts";
export { verifyInviteToken, verifyJoinToken } from "./tokens.ts";
export { clusterIdHex, isSameTrust } from "./trust.ts";
