//! A relayed packet: one packet of somebody else, sealed for one leg of its way.
//!
//! | bytes | what                                                                              |
//! | ----- | --------------------------------------------------------------------------------- |
//! | 0     | 0x04; the bit 0x40 tells QUIC                                                     |
//! | 1–8   | the receiver's tag: which leg it is                                               |
//! | 9–14  | the packet's number on this leg, big-endian, from 1, which grows with each        |
//! | 15–30 | the tag of AES-128-GCM (NIST SP 800-38D)                                          |
//! | 31–   | the packet, sealed; bytes 0–14 are the associated data, and the nonce is six      |
//! |       | zeros and the number                                                              |

use super::window::Window;
use ring::aead::{Aad, LessSafeKey, Nonce, Tag, UnboundKey, AES_128_GCM};

pub const FIRST_BYTE: u8 = 0x04;
/// Bytes that a packet grows by.
pub const HEADER_BYTES: usize = SIGNED_BYTES + SEAL_BYTES;
pub const TAG_BYTES: usize = 8;
pub const KEY_BYTES: usize = 16;
const SIGNED_BYTES: usize = 1 + TAG_BYTES + NUMBER_BYTES;
const NUMBER_BYTES: usize = 6;
const SEAL_BYTES: usize = 16;
const NUMBER_MAX: u64 = (1 << (8 * NUMBER_BYTES)) - 1;

/// What a leg's packets are told by.
pub type LegTag = [u8; TAG_BYTES];

/// The leg that a packet says it is of; none if it is no relayed packet.
pub fn leg_of(packet: &[u8]) -> Option<LegTag> {
    if packet.first() != Some(&FIRST_BYTE) || packet.len() <= HEADER_BYTES {
        return None;
    }
    packet.get(1..=TAG_BYTES)?.try_into().ok()
}

fn nonce(number: u64) -> Nonce {
    let mut nonce = [0; 12];
    nonce[4..].copy_from_slice(&number.to_be_bytes());
    Nonce::assume_unique_for_key(nonce)
}

fn key(bytes: &[u8; KEY_BYTES]) -> LessSafeKey {
    let key = UnboundKey::new(&AES_128_GCM, bytes);
    LessSafeKey::new(key.expect("the key has the length of the cipher"))
}

/// Seals the packets of one direction.
pub struct Sealer {
    tag: LegTag,
    key: LessSafeKey,
    /// Of the last packet.
    number: u64,
}

impl Sealer {
    pub fn new(tag: LegTag, bytes: &[u8; KEY_BYTES]) -> Self {
        Self {
            tag,
            key: key(bytes),
            number: 0,
        }
    }

    /// Appends the packet, sealed. False once the numbers are used up.
    pub fn seal(&mut self, packet: &[u8], into: &mut Vec<u8>) -> bool {
        if self.number >= NUMBER_MAX {
            return false;
        }
        self.number += 1;
        let begin = into.len();
        into.push(FIRST_BYTE);
        into.extend_from_slice(&self.tag);
        into.extend_from_slice(&self.number.to_be_bytes()[8 - NUMBER_BYTES..]);
        into.extend_from_slice(&[0; SEAL_BYTES]);
        into.extend_from_slice(packet);
        let (head, body) = into[begin..].split_at_mut(HEADER_BYTES);
        let (signed, seal) = head.split_at_mut(SIGNED_BYTES);
        let nonce = nonce(self.number);
        let sealed = self
            .key
            .seal_in_place_separate_tag(nonce, Aad::from(&*signed), body);
        match sealed {
            Ok(tag) => seal.copy_from_slice(tag.as_ref()),
            Err(_) => into.truncate(begin),
        }
        sealed.is_ok()
    }

    /// What the last packet may have been.
    #[cfg(test)]
    pub fn skip_to(&mut self, number: u64) {
        self.number = number;
    }
}

/// Opens the packets of one direction, each once.
pub struct Opener {
    key: LessSafeKey,
    window: Window,
}

impl Opener {
    pub fn new(bytes: &[u8; KEY_BYTES]) -> Self {
        Self {
            key: key(bytes),
            window: Window::default(),
        }
    }

    /// Opens a packet where it lies: what was sealed begins after the header. False if it is not
    /// genuine, came before or is too old; then it is of no more use.
    pub fn open(&mut self, packet: &mut [u8]) -> bool {
        let Some((head, body)) = packet.split_at_mut_checked(HEADER_BYTES) else {
            return false;
        };
        let (signed, seal) = head.split_at(SIGNED_BYTES);
        let mut number = [0; 8];
        number[8 - NUMBER_BYTES..].copy_from_slice(&signed[SIGNED_BYTES - NUMBER_BYTES..]);
        let number = u64::from_be_bytes(number);
        if !self.window.is_new(number) {
            return false;
        }
        let Ok(seal) = Tag::try_from(seal) else {
            return false;
        };
        let (nonce, signed) = (nonce(number), Aad::from(signed));
        let opened = self
            .key
            .open_in_place_separate_tag(nonce, signed, seal, body, 0..);
        if opened.is_ok() {
            self.window.note(number);
        }
        opened.is_ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TAG: LegTag = *b"receiver";
    const KEY: [u8; KEY_BYTES] = [7; KEY_BYTES];

    fn sealed(sealer: &mut Sealer, packet: &[u8]) -> Vec<u8> {
        let mut bytes = Vec::new();
        assert!(sealer.seal(packet, &mut bytes));
        bytes
    }

    #[test]
    fn what_was_sealed_is_opened_once_and_hidden_meanwhile() {
        let (mut sealer, mut opener) = (Sealer::new(TAG, &KEY), Opener::new(&KEY));
        for length in [1, 2, 34, 1_200, 16_384] {
            let packet: Vec<_> = (0..length).map(|i| (i * 7 + 1) as u8).collect();
            let bytes = sealed(&mut sealer, &packet);
            assert_eq!(bytes.len(), HEADER_BYTES + length);
            assert!(length < 34 || bytes[HEADER_BYTES..] != packet[..]);
            assert_eq!(leg_of(&bytes), Some(TAG));
            let mut again = bytes.clone();
            let mut bytes = bytes;
            assert!(opener.open(&mut bytes));
            assert_eq!(bytes[HEADER_BYTES..], packet[..]);
            assert!(!opener.open(&mut again));
        }
    }

    #[test]
    fn every_flipped_bit_and_every_missing_byte_is_noticed() {
        let mut sealer = Sealer::new(TAG, &KEY);
        let bytes = sealed(&mut sealer, b"a packet of somebody else");
        for bit in 0..8 * bytes.len() {
            let mut flipped = bytes.clone();
            flipped[bit / 8] ^= 1 << (bit % 8);
            assert!(!Opener::new(&KEY).open(&mut flipped), "bit {bit}");
        }
        for length in 0..bytes.len() {
            assert!(!Opener::new(&KEY).open(&mut bytes[..length].to_vec()));
        }
        assert!(!Opener::new(&[8; KEY_BYTES]).open(&mut bytes.clone()));
        assert!(Opener::new(&KEY).open(&mut bytes.clone()));
    }

    #[test]
    fn forged_packets_do_not_move_the_window() {
        let (mut sealer, mut opener) = (Sealer::new(TAG, &KEY), Opener::new(&KEY));
        let mut first = sealed(&mut sealer, b"first");
        sealer.skip_to(1 << 40);
        let mut forged = sealed(&mut sealer, b"forged");
        *forged.last_mut().unwrap() ^= 1;
        assert!(!opener.open(&mut forged));
        assert!(opener.open(&mut first));
    }

    #[test]
    fn numbers_end_before_they_repeat() {
        let mut sealer = Sealer::new(TAG, &KEY);
        sealer.skip_to(NUMBER_MAX - 1);
        let mut last = sealed(&mut sealer, b"last");
        assert!(Opener::new(&KEY).open(&mut last));
        let mut none = Vec::new();
        assert!(!sealer.seal(b"one more", &mut none));
        assert!(none.is_empty());
    }

    #[test]
    fn what_is_too_short_is_of_no_leg() {
        for length in 0..=HEADER_BYTES {
            assert_eq!(leg_of(&vec![FIRST_BYTE; length]), None);
        }
        assert_eq!(leg_of(&[0x03; 60]), None);
        assert_eq!(leg_of(&[FIRST_BYTE; 60]), Some([FIRST_BYTE; 8]));
    }
}
