//! Where decisions come from: a seed, so that a run can be repeated, or the bytes of a fuzzer that
//! looks for new ones.

/// A source of numbers. The same seed or bytes give the same ones.
pub struct Choices {
    state: u64,
    bytes: Vec<u8>,
    at: usize,
}

impl Choices {
    pub fn seeded(seed: u64) -> Self {
        Self {
            state: seed | 1,
            bytes: Vec::new(),
            at: 0,
        }
    }

    /// Bytes first; once they are used up, what follows from them.
    pub fn from_bytes(bytes: &[u8]) -> Self {
        let mix = |state: u64, byte: &u8| (state ^ u64::from(*byte)).wrapping_mul(0x100_0000_01b3);
        Self {
            state: bytes.iter().fold(0xcbf2_9ce4_8422_2325, mix) | 1,
            bytes: bytes.to_vec(),
            at: 0,
        }
    }

    /// Whether it was made of bytes and they are used up.
    pub fn is_over(&self) -> bool {
        !self.bytes.is_empty() && self.at >= self.bytes.len()
    }

    pub fn number(&mut self) -> u64 {
        if let Some(chunk) = self.bytes.get(self.at..self.at + 2) {
            self.at += 2;
            return u64::from(u16::from_le_bytes([chunk[0], chunk[1]]));
        }
        self.at = self.bytes.len();
        // xorshift64* (Marsaglia, Vigna).
        self.state ^= self.state >> 12;
        self.state ^= self.state << 25;
        self.state ^= self.state >> 27;
        self.state.wrapping_mul(0x2545_f491_4f6c_dd1d) >> 16
    }

    /// Below `bound`, which is not 0.
    pub fn below(&mut self, bound: usize) -> usize {
        self.number() as usize % bound
    }

    /// True once in so many times.
    pub fn once_in(&mut self, times: usize) -> bool {
        self.below(times) == 0
    }

    pub fn one_of<T: Copy>(&mut self, all: &[T]) -> Option<T> {
        match all.len() {
            0 => None,
            count => Some(all[self.below(count)]),
        }
    }

    pub fn fill(&mut self, bytes: &mut [u8]) {
        for byte in bytes {
            *byte = self.number() as u8;
        }
    }

    pub fn random(&mut self, length: usize) -> Vec<u8> {
        let mut bytes = vec![0; length];
        self.fill(&mut bytes);
        bytes
    }

    /// A field of 32 bits, at its extremes more often than not.
    pub fn field(&mut self) -> u32 {
        let extremes = [
            0,
            1,
            2,
            64,
            255,
            65_535,
            1 << 20,
            1 << 31,
            u32::MAX - 1,
            u32::MAX,
        ];
        match self.once_in(4) {
            true => (self.number() << 16 ^ self.number()) as u32,
            false => extremes[self.below(extremes.len())],
        }
    }

    /// What an f64 can be, whole or not, finite or not.
    pub fn float(&mut self) -> f64 {
        let extremes = [
            0.0,
            -0.0,
            1.0,
            -1.0,
            0.5,
            4_294_967_296.0,
            4_611_686_018_427_387_903.0,
            4_611_686_018_427_387_904.0,
            1e300,
            f64::MIN_POSITIVE,
            f64::MAX,
            f64::MIN,
            f64::NAN,
            f64::INFINITY,
            f64::NEG_INFINITY,
        ];
        match self.once_in(4) {
            true => f64::from_bits(self.number() << 32 ^ self.number() << 16 ^ self.number()),
            false => extremes[self.below(extremes.len())],
        }
    }

    /// What a QUIC varint can hold, its steps in length included.
    pub fn varint(&mut self) -> u64 {
        let extremes = [
            0,
            1,
            2,
            3,
            4,
            8,
            63,
            64,
            16_383,
            16_384,
            (1 << 30) - 1,
            1 << 30,
        ];
        match self.below(4) {
            0 => (1 << 62) - 1 - self.number() % 3,
            1 => (self.number() << 32 ^ self.number() << 16 ^ self.number()) & ((1 << 62) - 1),
            2 => extremes[self.below(extremes.len())],
            _ => self.number() % 64,
        }
    }
}
