//! What a stranger floods a session with: packets full of frames that cost their sender little.

use super::hostile::{crypto, int, Hostile, OVERHEAD};

#[derive(Clone, Copy, Debug)]
pub enum Flood {
    /// NEW_CONNECTION_ID, each of which retires those before it.
    NewIds,
    /// CRYPTO with a gap before every byte.
    CryptoGaps,
    /// The same for STREAM.
    StreamGaps,
    /// One byte with a gap before it in each packet, on many streams.
    SparseGaps,
    PathChallenges,
    /// RETIRE_CONNECTION_ID of one that is retired already.
    RetiredIds,
    /// ACK of packets that were not received yet.
    OptimisticAcks,
    Pings,
    /// Datagrams of one byte.
    Datagrams,
    /// STREAM that opens a stream and ends it.
    Streams,
}

pub const FLOODS: [Flood; 10] = [
    Flood::NewIds,
    Flood::CryptoGaps,
    Flood::StreamGaps,
    Flood::SparseGaps,
    Flood::PathChallenges,
    Flood::RetiredIds,
    Flood::OptimisticAcks,
    Flood::Pings,
    Flood::Datagrams,
    Flood::Streams,
];

impl Flood {
    /// The nth packet of the flood, of so many bytes.
    pub fn packet(self, client: &mut Hostile, n: u64, bytes: usize) -> Vec<u8> {
        let mut frames = Vec::new();
        for index in 0.. {
            let frame = self.frame(n, index);
            if frames.len() + frame.len() + OVERHEAD > bytes {
                break;
            }
            frames.extend(frame);
        }
        client.packet(&frames)
    }

    fn frame(self, n: u64, index: u64) -> Vec<u8> {
        let count = n * 256 + index;
        match self {
            Self::NewIds => {
                let (sequence, id) = (int(count + 1), count.to_be_bytes());
                [
                    &[0x18],
                    sequence.as_slice(),
                    &sequence,
                    &[8],
                    &id,
                    &[7; 8],
                    &id,
                ]
                .concat()
            }
            // Within the bounds of what may be sent out of order.
            Self::CryptoGaps => crypto(1 + 2 * (count % 8_000), &[1]),
            Self::StreamGaps => {
                let offset = int(1 + 2 * (count % 60_000));
                [&[0x0e, 0], offset.as_slice(), &[1, 1]].concat()
            }
            Self::SparseGaps if index == 0 => {
                let (id, offset) = (int(4 * (n % 8)), int(1 + 7 * (n / 8)));
                [&[0x0e], id.as_slice(), &offset, &[1, 1]].concat()
            }
            Self::SparseGaps => vec![0x01],
            Self::PathChallenges => [&[0x1a], count.to_be_bytes().as_slice()].concat(),
            Self::RetiredIds => vec![0x19, 1],
            // A range of one packet every second one, as many as were ever sent.
            Self::OptimisticAcks => {
                let ranges = [0, 0].repeat(15);
                [&[0x02, 31, 0, 15, 0], ranges.as_slice()].concat()
            }
            Self::Pings => vec![0x01],
            Self::Datagrams => vec![0x31, 1, 7],
            Self::Streams => {
                let id = int(4 * (count % 8));
                [&[0x0b], id.as_slice(), &[0]].concat()
            }
        }
    }
}
