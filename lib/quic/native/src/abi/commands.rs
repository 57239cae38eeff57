//! Commands as they cross the boundary: an operation, three numbers, and bytes. Everything is
//! checked here; the layers below get whole commands or none.

use super::flows::flow_command;
use super::opening::protocols;
use crate::core::{DatagramOutcome, Verdict};
use crate::io::{parse_address, Command, Route, Service};
use crate::limits::*;
use crate::relay::{self, LegKeys, RelayCounts};
use crate::shared::Shared;
use bytes::Bytes;
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;
use std::sync::Arc;
use std::time::Duration;

/// Refusals of a command; their numbers are part of the ABI.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(i32)]
pub enum Refusal {
    /// There is no such engine, or it was shut down.
    NoEngine = -1,
    /// The operation is unknown, or its arguments are not what it takes.
    Malformed = -2,
    /// Certificate and private key are not a pair of Ed25519.
    BadIdentity = -3,
    /// A defect: the command panicked.
    Failed = -4,
}

/// The arguments of a command.
pub struct Arguments<'a> {
    pub operation: u32,
    pub a: u32,
    pub b: u32,
    pub s: f64,
    pub bytes: &'a [u8],
}

/// Carries a command out, or queues it. Gives a number that only some operations use.
pub fn perform(shared: &Shared, arguments: &Arguments<'_>) -> Result<i32, Refusal> {
    let &Arguments {
        operation, a, b, s, ..
    } = arguments;
    let mut input = Reader(arguments.bytes);
    let command = match operation {
        1 => Command::SetProtocols(Box::new(protocols(&mut input)?)),
        2 => {
            let remote = input.address()?;
            Command::Dial {
                tag: b,
                remote,
                alpn: input.rest().to_vec(),
                timeout: Duration::from_millis(a.into()),
            }
        }
        3 => Command::CancelDial { tag: b },
        4 => Command::TakeSession(a),
        5 => Command::Admit(a),
        6 => {
            let reason = input.rest();
            let reason = &reason[..reason.len().min(REASON_BYTES_MAX)];
            Command::CloseSession {
                session: a,
                code: error_code(s)?,
                reason: String::from_utf8_lossy(reason).into_owned(),
            }
        }
        7 => return Ok(send_datagram(shared, a, input.rest()) as i32),
        8 => return send_raw(shared, &mut input),
        9 => Command::OpenStream { session: a, tag: b },
        10 => Command::CancelOpen { session: a, tag: b },
        11 => Command::GrantRead {
            stream: a,
            bytes: b,
        },
        12 => {
            let bytes = input.rest();
            if bytes.len() > WRITE_CREDIT as usize {
                return Err(Refusal::Malformed);
            }
            Command::Write {
                stream: a,
                bytes: Bytes::copy_from_slice(bytes),
            }
        }
        13 => Command::Finish(a),
        14 => Command::AbortStream {
            stream: a,
            code: error_code(s)?,
        },
        15 => Command::Listen {
            tag: b,
            address: input.address()?,
        },
        16 => Command::CloseListener(a),
        17 => Command::TakeConnection(a),
        18 => Command::ResetConnection(a),
        19 => {
            let head = input.rest();
            if head.len() > READ_CREDIT_MAX as usize {
                return Err(Refusal::Malformed);
            }
            Command::BridgeToSession {
                tag: b,
                connection: a,
                session: handle(s)?,
                head: Bytes::copy_from_slice(head),
            }
        }
        20 => Command::BridgeToTcp {
            tag: b,
            session: handle(s)?,
            stream: a,
            targets: targets(&mut input)?,
        },
        21 => Command::AbortBridge { tag: b },
        22 => {
            let reason = input.rest();
            let reason = &reason[..reason.len().min(REASON_BYTES_MAX)];
            Command::Shutdown {
                reason: String::from_utf8_lossy(reason).into_owned(),
            }
        }
        23 => Command::KeepGate(a != 0),
        24 => Command::AnswerAttempt {
            attempt: a,
            verdict: match b {
                0 => None,
                number => Some(Verdict::from_number(number).ok_or(Refusal::Malformed)?),
            },
        },
        25 => Command::AdmitNarrow(a),
        26 => Command::SetPath {
            session: a,
            to: input.address()?,
        },
        30 => {
            let bridges_max = input.u32()?;
            let head = input.rest();
            if head.len() > HEAD_BYTES_MAX {
                return Err(Refusal::Malformed);
            }
            Command::Route {
                tag: b,
                listener: a,
                route: Route {
                    session: handle(s)?,
                    head: Bytes::copy_from_slice(head),
                },
                bridges_max,
            }
        }
        31 => {
            let bridges_max = input.u32()?;
            let head = input.sized()?;
            if head.len() > HEAD_BYTES_MAX {
                return Err(Refusal::Malformed);
            }
            Command::Serve {
                tag: b,
                service: Service {
                    head: Bytes::copy_from_slice(head),
                    targets: targets(&mut input)?.into(),
                },
                bridges_max,
            }
        }
        32 => Command::Allow {
            rule: b,
            session: a,
        },
        33 => Command::WithdrawRule { tag: b },
        34 => Command::OpenSocket { tag: b },
        35 => Command::CloseSocket {
            number: u16::try_from(a).map_err(|_| Refusal::Malformed)?,
        },
        36 => {
            let leg = Box::new(leg(a, &mut input)?);
            let counts = new_relay(shared, b)?;
            Command::OpenRelay {
                number: b,
                leg,
                counts,
            }
        }
        37 => {
            let first = leg(a, &mut input)?;
            let session = input.u32()?;
            let legs = Box::new([first, leg(session, &mut input)?]);
            let bytes_per_second = carried_rate(s)?;
            let counts = new_relay(shared, b)?;
            Command::Carry {
                number: b,
                legs,
                bytes_per_second,
                counts,
            }
        }
        38 => Command::CloseRelay { number: b },
        39 => Command::LimitCarried {
            number: b,
            bytes_per_second: carried_rate(s)?,
        },
        40..=45 => Command::Flows(flow_command(shared, arguments)?),
        _ => return Err(Refusal::Malformed),
    };
    shared.push(command);
    Ok(0)
}

/// The answer is known at once, from what the session's gauge says.
fn send_datagram(shared: &Shared, session: u32, bytes: &[u8]) -> DatagramOutcome {
    let Some(gauge) = shared.gauge(session) else {
        return DatagramOutcome::Closed;
    };
    let outcome = gauge.reserve(bytes.len());
    if outcome == DatagramOutcome::Sent {
        let bytes = Bytes::copy_from_slice(bytes);
        shared.push(Command::SendDatagram { session, bytes });
    }
    outcome
}

fn send_raw(shared: &Shared, input: &mut Reader<'_>) -> Result<i32, Refusal> {
    let to = input.address()?;
    let bytes = input.rest();
    let first = bytes.first().filter(|first| **first != relay::FIRST_BYTE);
    let is_raw = first.is_some_and(|first| first & 0x40 == 0);
    if !is_raw || bytes.len() > RAW_BYTES_MAX {
        return Err(Refusal::Malformed);
    }
    if shared.raw_queued.fetch_add(1, Relaxed) >= RAW_QUEUED_MAX {
        shared.raw_queued.fetch_sub(1, Relaxed);
        return Ok(0);
    }
    let bytes = Bytes::copy_from_slice(bytes);
    shared.push(Command::SendRaw { to, bytes });
    Ok(0)
}

fn leg(session: u32, input: &mut Reader<'_>) -> Result<LegKeys, Refusal> {
    Ok(LegKeys {
        session,
        send_tag: input.array()?,
        send_key: input.array()?,
        receive_tag: input.array()?,
        receive_key: input.array()?,
    })
}

fn carried_rate(s: f64) -> Result<f64, Refusal> {
    let valid = (CARRIED_RATE_MIN..=CARRIED_RATE_MAX).contains(&s);
    valid.then_some(s).ok_or(Refusal::Malformed)
}

/// Takes a number for a flow that is to be.
fn new_relay(shared: &Shared, number: u32) -> Result<Arc<RelayCounts>, Refusal> {
    if !(1..=RELAY_NUMBER_MAX).contains(&number) {
        return Err(Refusal::Malformed);
    }
    shared.add_relay(number).ok_or(Refusal::Malformed)
}

pub fn targets(input: &mut Reader<'_>) -> Result<Vec<SocketAddr>, Refusal> {
    let mut targets = Vec::new();
    while !input.0.is_empty() {
        if targets.len() >= TARGETS_MAX {
            return Err(Refusal::Malformed);
        }
        targets.push(input.address()?);
    }
    Ok(targets)
}

/// A handle in the place of a wide number.
pub fn handle(s: f64) -> Result<u32, Refusal> {
    let valid = s.fract() == 0.0 && (0.0..=f64::from(u32::MAX)).contains(&s);
    valid.then_some(s as u32).ok_or(Refusal::Malformed)
}

/// Error codes are varints: whole numbers below 2^62.
fn error_code(s: f64) -> Result<u64, Refusal> {
    let valid = s.fract() == 0.0 && (0.0..4_611_686_018_427_387_904.0).contains(&s);
    valid.then_some(s as u64).ok_or(Refusal::Malformed)
}

/// Reads what was written with the same order on the other side of the boundary.
pub struct Reader<'a>(pub &'a [u8]);

impl<'a> Reader<'a> {
    fn take(&mut self, count: usize) -> Result<&'a [u8], Refusal> {
        let (taken, rest) = self.0.split_at_checked(count).ok_or(Refusal::Malformed)?;
        self.0 = rest;
        Ok(taken)
    }

    pub fn array<const N: usize>(&mut self) -> Result<[u8; N], Refusal> {
        self.take(N)?.try_into().map_err(|_| Refusal::Malformed)
    }

    pub fn u8(&mut self) -> Result<u8, Refusal> {
        Ok(self.take(1)?[0])
    }

    pub fn u32(&mut self) -> Result<u32, Refusal> {
        let bytes = self.take(4)?.try_into().map_err(|_| Refusal::Malformed)?;
        Ok(u32::from_le_bytes(bytes))
    }

    pub fn sized(&mut self) -> Result<&'a [u8], Refusal> {
        let length = self.u32()? as usize;
        self.take(length)
    }

    pub fn text(&mut self) -> Result<&'a str, Refusal> {
        std::str::from_utf8(self.sized()?).map_err(|_| Refusal::Malformed)
    }

    pub fn address(&mut self) -> Result<SocketAddr, Refusal> {
        let port = self.take(2)?.try_into().map_err(|_| Refusal::Malformed)?;
        let length = usize::from(self.u8()?);
        let ip = std::str::from_utf8(self.take(length)?).map_err(|_| Refusal::Malformed)?;
        parse_address(ip, u16::from_le_bytes(port)).ok_or(Refusal::Malformed)
    }

    pub fn rest(&mut self) -> &'a [u8] {
        std::mem::take(&mut self.0)
    }
}
