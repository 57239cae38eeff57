//! The gate: what becomes of those who want to reach us, before any work of TLS is spent on them.
//!
//! Whoever is above decides: each attempt is reported and waits a moment for the verdict. When
//! nobody above keeps the gate, when he is slow, or when too many wait, the rule of `unasked`
//! holds. The bounds of sessions hold whatever the verdict.

use super::answers::{Answers, Window};
use super::session::Session;
use super::verdict::{AttemptCounts, Verdict};
use super::Core;
use crate::event::Event;
use crate::handle::{Arena, Handle};
use crate::limits::*;
use quinn_proto::{Incoming, ServerConfig, TimeSource, Transmit};
use std::collections::VecDeque;
use std::sync::atomic::{AtomicU64, Ordering::Relaxed};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

pub struct Gate {
    /// Whether nobody is taken any more.
    is_shut: bool,
    /// Whether somebody above decides.
    is_kept: bool,
    /// Whether he let a verdict be overdue and gave none since.
    is_slow: bool,
    attempts: Arena<Incoming>,
    /// Until when those that wait do so, in order; some may have gone already.
    deadlines: VecDeque<(Instant, Handle)>,
    /// Attempts from unproved addresses that were reported in this window.
    asked: u16,
    window: Window,
    pub answers: Answers,
    pub counts: AttemptCounts,
    clock: Arc<TokenClock>,
    began: Option<Instant>,
    /// What QUIC makes tokens with; kept while protocols change, so that tokens stay good.
    config: Option<ServerConfig>,
}

impl Gate {
    pub fn new() -> Self {
        Self {
            is_shut: false,
            is_kept: false,
            is_slow: false,
            attempts: Arena::new(ATTEMPTS_WAITING_MAX),
            deadlines: VecDeque::new(),
            asked: 0,
            window: Window::default(),
            answers: Answers::new(),
            counts: AttemptCounts::default(),
            clock: Arc::default(),
            began: None,
            config: None,
        }
    }

    /// How attempts are looked at; how each is taken is chosen again by its address.
    pub fn server_config(&mut self, served: &ServerConfig) -> Arc<ServerConfig> {
        let config = self.config.get_or_insert_with(|| {
            let mut config = served.clone();
            config
                .max_incoming(ATTEMPTS_WAITING_MAX + 1)
                .incoming_buffer_size(ATTEMPT_BYTES)
                .incoming_buffer_size_total(ATTEMPT_BYTES_TOTAL)
                .retry_token_lifetime(RETRY_TOKEN_LIFETIME)
                .time_source(self.clock.clone());
            config
        });
        config.crypto = served.crypto.clone();
        Arc::new(config.clone())
    }

    /// Tokens age by the time that the packets came at.
    pub fn note_time(&mut self, now: Instant) {
        let began = *self.began.get_or_insert(now);
        let age = now.saturating_duration_since(began).as_secs();
        self.clock.0.store(age, Relaxed);
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.deadlines.front().map(|(at, _)| *at)
    }

    /// Whether the attempt may be reported. Those who proved their address find room when those
    /// who did not have filled theirs.
    fn may_ask(&mut self, now: Instant, validated: bool) -> bool {
        if self.window.begins_anew(now) {
            self.asked = 0;
        }
        if !self.is_kept || self.is_slow || self.attempts.is_full() {
            return false;
        }
        if validated {
            return true;
        }
        self.asked = self.asked.saturating_add(1);
        self.asked <= ATTEMPTS_ASKED_PER_WINDOW && self.attempts.len() < ATTEMPTS_UNPROVED_MAX
    }

    /// Whether so much is asked of us that addresses are to be proved first.
    fn is_busy(&self, half_open: usize) -> bool {
        half_open >= HALF_OPEN_CALM
            || self.attempts.len() >= ATTEMPTS_UNPROVED_MAX
            || self.asked > ATTEMPTS_ASKED_PER_WINDOW
    }
}

impl Core {
    /// Whether somebody above decides on attempts from now on.
    pub fn keep_gate(&mut self, is_kept: bool) {
        self.gate.is_kept = is_kept;
        self.gate.is_slow = false;
    }

    /// From now on attempts are not answered, those that wait included.
    pub fn shut_gate(&mut self) {
        self.gate.is_shut = true;
        for attempt in self.gate.attempts.handles() {
            if let Some(incoming) = self.gate.attempts.remove(attempt) {
                self.endpoint.ignore(incoming);
            }
        }
    }

    pub fn attempt_counts(&self) -> AttemptCounts {
        self.gate.counts
    }

    /// The verdict on an attempt; none is for us to choose. Without effect when it came too late.
    pub fn answer_attempt(&mut self, now: Instant, attempt: Handle, verdict: Option<Verdict>) {
        self.gate.is_slow = false;
        if let Some(incoming) = self.gate.attempts.remove(attempt) {
            let verdict = verdict.unwrap_or_else(|| self.unasked(&incoming));
            self.answer(now, incoming, verdict);
        }
    }

    /// Somebody's first packet.
    pub(super) fn attempted(&mut self, now: Instant, incoming: Incoming) {
        if self.gate.is_shut {
            return self.endpoint.ignore(incoming);
        }
        let validated = incoming.remote_address_validated();
        if !self.gate.may_ask(now, validated) {
            let verdict = self.unasked(&incoming);
            return self.answer(now, incoming, verdict);
        }
        let from = incoming.remote_address();
        match self.gate.attempts.insert(incoming) {
            Ok(attempt) => {
                let deadline = (now + VERDICT_ON_ATTEMPT, attempt);
                self.gate.deadlines.push_back(deadline);
                self.streams.events.push(Event::Attempt {
                    attempt,
                    from,
                    validated,
                    half_open: self.half_open as u32,
                });
            }
            Err(incoming) => self.endpoint.ignore(incoming),
        }
    }

    /// Answers one attempt whose verdict is overdue. False if there is none.
    pub(super) fn expire_attempt(&mut self, now: Instant) -> bool {
        let Some((at, attempt)) = self.gate.deadlines.front().copied() else {
            return false;
        };
        if at > now {
            return false;
        }
        self.gate.deadlines.pop_front();
        if let Some(incoming) = self.gate.attempts.remove(attempt) {
            self.gate.is_slow = true;
            let verdict = self.unasked(&incoming);
            self.answer(now, incoming, verdict);
        }
        true
    }

    /// The rule when nobody above decides.
    fn unasked(&self, incoming: &Incoming) -> Verdict {
        if !self.has_room() {
            Verdict::Refuse
        } else if incoming.remote_address_validated() || !self.gate.is_busy(self.half_open) {
            Verdict::Take
        } else {
            Verdict::Retry
        }
    }

    fn has_room(&self) -> bool {
        self.half_open < HALF_OPEN_MAX
            && self.waiting < SESSIONS_WAITING_MAX
            && !self.sessions.is_full()
    }

    fn answer(&mut self, now: Instant, incoming: Incoming, verdict: Verdict) {
        let verdict = match verdict {
            Verdict::Take if !self.has_room() => Verdict::Refuse,
            Verdict::Retry if !incoming.may_retry() => Verdict::Refuse,
            verdict => verdict,
        };
        let to = incoming.remote_address();
        match verdict {
            Verdict::Take => self.take_attempt(now, incoming),
            Verdict::Retry | Verdict::Refuse if self.gate.answers.allow(now, to) => {
                let mut payload = Vec::new();
                let transmit = match verdict {
                    Verdict::Retry => self.endpoint.retry(incoming, &mut payload),
                    _ => Ok(self.endpoint.refuse(incoming, &mut payload)),
                };
                let counts = &mut self.gate.counts;
                match verdict {
                    Verdict::Retry => counts.retried += 1,
                    _ => counts.refused += 1,
                }
                match transmit {
                    Ok(transmit) => self.queue_answer(transmit, payload),
                    Err(error) => self.endpoint.ignore(error.into_incoming()),
                }
            }
            _ => {
                self.gate.counts.dropped += 1;
                self.endpoint.ignore(incoming);
            }
        }
    }

    fn take_attempt(&mut self, now: Instant, incoming: Incoming) {
        self.gate.counts.taken += 1;
        let remote = incoming.remote_address();
        let transport = self.transports.begin(now, true, remote);
        let Some(config) = self.protocols.server(transport) else {
            return self.endpoint.ignore(incoming);
        };
        let mut payload = Vec::new();
        self.paths.begin();
        let accepted = self
            .endpoint
            .accept(incoming, now, &mut payload, Some(config));
        match accepted {
            Ok((id, connection)) => {
                let deadline = now + HANDSHAKE_TIMEOUT;
                let protocols = self.protocols.clone();
                self.half_open += 1;
                self.add(Session::new(connection, id, None, protocols, deadline));
            }
            Err(error) => {
                if let Some(transmit) = error.response {
                    self.respond(now, transmit, payload);
                }
            }
        }
    }

    /// An answer to a packet of no session, if so many are allowed.
    pub(super) fn respond(&mut self, now: Instant, transmit: Transmit, payload: Vec<u8>) {
        if self.gate.answers.allow(now, transmit.destination) {
            self.queue_answer(transmit, payload);
        }
    }

    fn queue_answer(&mut self, transmit: Transmit, payload: Vec<u8>) {
        if self.responses.len() < RESPONSES_MAX {
            self.responses.push_back((transmit, payload));
        }
    }
}

/// Seconds since the first packet, as QUIC wants to read them: tokens never leave this engine, and
/// a wall clock that jumps does not touch them.
#[derive(Default)]
struct TokenClock(AtomicU64);

impl TimeSource for TokenClock {
    fn now(&self) -> SystemTime {
        UNIX_EPOCH + Duration::from_secs(self.0.load(Relaxed))
    }
}
