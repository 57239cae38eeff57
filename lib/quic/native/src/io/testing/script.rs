//! Faults on demand: a script that says what the system answers to the next calls on the socket.

use std::collections::VecDeque;
use std::io;
use std::sync::{Arc, Mutex};

/// What one call is answered; none lets it through to the system.
pub type Answer = Option<i32>;
type Judge = Box<dyn FnMut(&quinn_udp::Transmit<'_>) -> Answer + Send>;

/// Shared by a test and the thread.
#[derive(Clone, Default)]
pub struct Script(Arc<Mutex<Acts>>);

#[derive(Default)]
struct Acts {
    sends: VecDeque<Answer>,
    receives: VecDeque<Answer>,
    judge: Option<Judge>,
}

impl Script {
    /// The next sends fail with these, in order.
    pub fn fail_sends(&self, errors: impl IntoIterator<Item = i32>) {
        let mut acts = self.0.lock().unwrap();
        acts.sends.extend(errors.into_iter().map(Some));
    }

    pub fn fail_receives(&self, errors: impl IntoIterator<Item = i32>) {
        let mut acts = self.0.lock().unwrap();
        acts.receives.extend(errors.into_iter().map(Some));
    }

    /// Judges every send from now on; none lets all through again.
    pub fn judge_sends(&self, judge: Option<Judge>) {
        self.0.lock().unwrap().judge = judge;
    }

    /// Scripted failures that did not happen yet.
    pub fn left(&self) -> usize {
        let acts = self.0.lock().unwrap();
        acts.sends.len() + acts.receives.len()
    }

    pub fn before_send(&self, transmit: &quinn_udp::Transmit<'_>) -> io::Result<()> {
        let mut acts = self.0.lock().unwrap();
        let scripted = acts.sends.pop_front().flatten();
        let judged = acts.judge.as_mut().and_then(|judge| judge(transmit));
        answer(scripted.or(judged))
    }

    pub fn before_receive(&self) -> io::Result<()> {
        let mut acts = self.0.lock().unwrap();
        answer(acts.receives.pop_front().flatten())
    }
}

fn answer(answer: Answer) -> io::Result<()> {
    match answer {
        Some(code) => Err(io::Error::from_raw_os_error(code)),
        None => Ok(()),
    }
}
