//! Hostile frames: what a peer can say who holds the keys of a session, in forms that the standard
//! knows (RFC 9000, section 19; RFC 9221) with values that it may not.

use super::choices::Choices;

pub fn put_varint(into: &mut Vec<u8>, value: u64) {
    match value {
        0..0x40 => into.push(value as u8),
        0x40..0x4000 => into.extend((value as u16 | 0x4000).to_be_bytes()),
        0x4000..0x4000_0000 => into.extend((value as u32 | 0x8000_0000).to_be_bytes()),
        _ => into.extend((value | 0xc000_0000_0000_0000).to_be_bytes()),
    }
}

/// Changes the frames of a packet before it is protected. Its length stays.
pub fn tamper(choices: &mut Choices, payload: &mut [u8]) {
    if payload.is_empty() {
        return;
    }
    match choices.below(8) {
        0 => {
            let at = choices.below(payload.len());
            payload[at] ^= 1 << choices.below(8);
        }
        1 => {
            let at = choices.below(payload.len());
            choices.fill(&mut payload[at..]);
        }
        2 => overwrite(choices, payload, 0),
        3 => {
            let at = choices.below(payload.len());
            overwrite(choices, payload, at);
        }
        // Frames only, padding after them: most of these are well formed.
        _ => {
            let mut frames = Vec::new();
            // Few at a time: the first that is refused ends the session.
            let most = choices.one_of(&[1, 2, 12]).unwrap_or(1);
            for _ in 0..=choices.below(most) {
                let before = frames.len();
                frame(choices, &mut frames);
                if frames.len() > payload.len() {
                    frames.truncate(before);
                    break;
                }
            }
            payload[..frames.len()].copy_from_slice(&frames);
            payload[frames.len()..].fill(0);
        }
    }
}

fn overwrite(choices: &mut Choices, payload: &mut [u8], at: usize) {
    let mut frames = Vec::new();
    frame(choices, &mut frames);
    let count = frames.len().min(payload.len() - at);
    payload[at..at + count].copy_from_slice(&frames[..count]);
}

fn frame(choices: &mut Choices, into: &mut Vec<u8>) {
    const CONNECTION_CLOSE: u8 = 0x1c;
    let kind = match choices.below(16) {
        0 => choices.number() as u8,
        1 | 2 => 0x08 | choices.below(8) as u8,
        _ => choices.below(0x20) as u8,
    };
    // Ends the session, and with it what can be tried.
    if kind & 0xfe == CONNECTION_CLOSE && !choices.once_in(8) {
        return;
    }
    into.push(kind);
    let numbers = |choices: &mut Choices, into: &mut Vec<u8>, count: usize| {
        for _ in 0..count {
            let number = choices.varint();
            put_varint(into, number);
        }
    };
    match kind {
        // ACK: largest, delay, ranges, then gaps and lengths; with congestion marks.
        0x02 | 0x03 => {
            numbers(choices, into, 2);
            let ranges = choices.below(6);
            put_varint(into, ranges as u64);
            numbers(choices, into, 1 + 2 * ranges);
            if kind == 0x03 {
                numbers(choices, into, 3);
            }
        }
        // RESET_STREAM, STOP_SENDING.
        0x04 => numbers(choices, into, 3),
        0x05 => numbers(choices, into, 2),
        // CRYPTO.
        0x06 => {
            numbers(choices, into, 1);
            data(choices, into);
        }
        // NEW_TOKEN.
        0x07 => data(choices, into),
        // STREAM, with and without offset, length, end.
        0x08..=0x0f => {
            numbers(choices, into, 1);
            if kind & 4 != 0 {
                numbers(choices, into, 1);
            }
            if kind & 2 != 0 {
                data(choices, into);
            }
        }
        // MAX_DATA, MAX_STREAMS, DATA_BLOCKED, STREAMS_BLOCKED, RETIRE_CONNECTION_ID.
        0x10 | 0x12..=0x14 | 0x16 | 0x17 | 0x19 => numbers(choices, into, 1),
        // MAX_STREAM_DATA, STREAM_DATA_BLOCKED.
        0x11 | 0x15 => numbers(choices, into, 2),
        // NEW_CONNECTION_ID.
        0x18 => {
            numbers(choices, into, 2);
            let length = choices.one_of(&[0, 1, 8, 20, 21, 255]).unwrap_or(0);
            into.push(length);
            into.extend(choices.random(usize::from(length.min(20)) + 16));
        }
        // PATH_CHALLENGE, PATH_RESPONSE.
        0x1a | 0x1b => into.extend(choices.random(8)),
        // CONNECTION_CLOSE.
        0x1c | 0x1d => {
            numbers(choices, into, 2);
            data(choices, into);
        }
        // DATAGRAM.
        0x31 => data(choices, into),
        _ => {}
    }
}

/// A length and bytes, which do not always agree.
fn data(choices: &mut Choices, into: &mut Vec<u8>) {
    let length = choices.below(64);
    let said = match choices.once_in(6) {
        true => choices.varint(),
        false => length as u64,
    };
    put_varint(into, said);
    into.extend(choices.random(length));
}
