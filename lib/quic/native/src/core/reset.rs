//! What outlives the engine: connection IDs that it knows for its own after a restart, and the
//! tokens of stateless resets (RFC 9000, section 10.3) that go with them. Both follow from one
//! secret, so that a peer whose session the restart has ended hears so at his next packet.
//!
//! Only an ID of our own is answered: whoever invents one finds it in one of 16 million tries. IDs
//! are many, so that the tokens somebody has collected of old ones never fit a new one.

use super::paths::{Made, ID_BYTES};
use crate::limits::RESET_KEY_BYTES;
use quinn_proto::{ConnectionId, ConnectionIdGenerator, InvalidCid};
use ring::hmac::{self, HMAC_SHA256};
use ring::rand::{SecureRandom, SystemRandom};
use std::time::Duration;

/// The random part of a connection ID, and what proves that it is ours.
const NONCE_BYTES: usize = 5;
const PROOF_BYTES: usize = ID_BYTES - NONCE_BYTES;

/// The secret that all of this follows from. One engine at a time has it.
#[derive(Clone)]
pub struct ResetKey([u8; RESET_KEY_BYTES]);

impl ResetKey {
    /// None if it has another length.
    pub fn new(bytes: &[u8]) -> Option<Self> {
        bytes.try_into().ok().map(Self)
    }

    /// One that nobody will have again.
    pub fn random() -> Self {
        let mut bytes = [0; RESET_KEY_BYTES];
        fill(&mut bytes);
        Self(bytes)
    }

    /// What makes the tokens.
    pub fn tokens(&self) -> hmac::Key {
        self.derived(b"pollen quic stateless reset")
    }

    /// `made` hears of each.
    pub fn ids(&self, made: &Made) -> Ids {
        Ids(self.derived(b"pollen quic connection id"), made.clone())
    }

    fn derived(&self, purpose: &[u8]) -> hmac::Key {
        let secret = hmac::Key::new(HMAC_SHA256, &self.0);
        hmac::Key::new(HMAC_SHA256, hmac::sign(&secret, purpose).as_ref())
    }
}

/// Makes connection IDs and knows them again.
#[derive(Clone)]
pub struct Ids(hmac::Key, Made);

impl Ids {
    fn proof(&self, nonce: &[u8]) -> [u8; PROOF_BYTES] {
        let mut proof = [0; PROOF_BYTES];
        let signed = hmac::sign(&self.0, nonce);
        proof.copy_from_slice(&signed.as_ref()[..PROOF_BYTES]);
        proof
    }
}

impl ConnectionIdGenerator for Ids {
    fn generate_cid(&mut self) -> ConnectionId {
        let mut id = [0; ID_BYTES];
        let (nonce, proof) = id.split_at_mut(NONCE_BYTES);
        fill(nonce);
        proof.copy_from_slice(&self.proof(nonce));
        let id = ConnectionId::new(&id);
        self.1.note(&id);
        id
    }

    fn validate(&self, id: &ConnectionId) -> Result<(), InvalidCid> {
        match id.split_at_checked(NONCE_BYTES) {
            Some((nonce, proof)) if proof == self.proof(nonce) => Ok(()),
            _ => Err(InvalidCid),
        }
    }

    fn cid_len(&self) -> usize {
        ID_BYTES
    }

    fn cid_lifetime(&self) -> Option<Duration> {
        None
    }
}

/// The system has no reason to refuse, and without chance there is no safety.
fn fill(bytes: &mut [u8]) {
    let filled = SystemRandom::new().fill(bytes);
    filled.expect("the system gives random bytes");
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_are_known_again_under_the_same_key_only() {
        let key = ResetKey::random();
        let again = ResetKey::new(&key.0).unwrap();
        let made = Made::default();
        let (mut ids, same) = (key.ids(&made), again.ids(&made));
        let other = ResetKey::random().ids(&made);
        let made: Vec<_> = (0..1_000).map(|_| ids.generate_cid()).collect();
        assert!(made.iter().all(|id| same.validate(id).is_ok()));
        assert!(!made.iter().all(|id| other.validate(id).is_ok()));
        assert_eq!(
            made.iter().collect::<std::collections::BTreeSet<_>>().len(),
            1_000
        );
        for length in 0..20 {
            let invented = ConnectionId::new(&vec![7; length]);
            assert!(same.validate(&invented).is_err());
        }
        assert!(ResetKey::new(&[0; 31]).is_none());
    }
}
