//! The streams of all sessions: who serves each of them, and the rules that free them.
//!
//! Invariant: a direction that ends abnormally ends the stream abnormally, by a reset and by a
//! request to stop, since QUIC frees a stream and its flow control only when both directions are
//! over.

use super::control::Control;
use super::session::Session;
use super::shares::Share;
use super::stream::{Arrival, Opening, Role, Stream, Wake, WakeCause};
use crate::event::Event;
use crate::handle::{Arena, Handle};
use crate::limits::STREAMS_ACCEPTED_PER_STEP;
use bytes::BytesMut;
use quinn_proto::{Connection, Dir, ReadError, StreamId, VarInt};

pub struct Streams {
    pub table: Arena<Stream>,
    pub events: Vec<Event>,
    pub wakes: Vec<Wake>,
    pub arrivals: Vec<Arrival>,
}

impl Streams {
    pub fn new() -> Self {
        Self {
            table: Arena::new(usize::MAX),
            events: Vec::new(),
            wakes: Vec::new(),
            arrivals: Vec::new(),
        }
    }

    pub fn wake(&mut self, token: u32, cause: WakeCause) {
        self.wakes.push(Wake { token, cause });
    }

    /// Opens the streams that wait, as far as the peer allows.
    pub fn open_waiting(&mut self, session: &mut Session) {
        while !session.openings.is_empty() && !self.table.is_full() {
            let Some(id) = session.connection.streams().open(Dir::Bi) else {
                return;
            };
            let Some(opening) = session.openings.pop_front() else {
                return;
            };
            let role = match opening {
                Opening::Control { .. } => Role::Control(Control::default()),
                Opening::Delegated { token } => Role::Delegated { token },
            };
            let Some(stream) = self.insert(session, id, role) else {
                return;
            };
            match opening {
                Opening::Control { tag } => self.events.push(Event::StreamOpened {
                    session: session.handle,
                    stream,
                    tag,
                }),
                Opening::Delegated { token } => self.wake(token, WakeCause::Opened(stream)),
            }
        }
    }

    /// Takes the streams that the peer opened, as many as one step may; `streams_left` says that
    /// there may be more. Reads each at once: what is there already gives no further event.
    pub fn accept(&mut self, session: &mut Session) {
        for _ in 0..STREAMS_ACCEPTED_PER_STEP {
            let Some(id) = session.connection.streams().accept(Dir::Bi) else {
                return session.fit_stream_limit();
            };
            let wanted = session.head_bytes;
            let role = Role::Head {
                wanted,
                got: BytesMut::with_capacity(wanted),
            };
            if let Some(stream) = self.insert(session, id, role) {
                self.gather_head(session, stream);
            }
        }
        session.streams_left = true;
        session.fit_stream_limit();
    }

    pub fn readable(&mut self, session: &mut Session, id: StreamId) {
        let Some(&handle) = session.streams.get(&id) else {
            return;
        };
        let Some(stream) = self.table.get_mut(handle) else {
            return;
        };
        match &mut stream.role {
            Role::Head { .. } => self.gather_head(session, handle),
            // Who gets it reads at once what is there.
            Role::Arrived { .. } => {}
            Role::Control(control) => {
                control.read(&mut session.connection, id, handle, &mut self.events);
                self.settle(session, handle);
            }
            Role::Delegated { token } => {
                let token = *token;
                self.wake(token, WakeCause::Readable);
            }
        }
    }

    pub fn writable(&mut self, session: &mut Session, id: StreamId) {
        let Some(&handle) = session.streams.get(&id) else {
            return;
        };
        let Some(stream) = self.table.get_mut(handle) else {
            return;
        };
        match &mut stream.role {
            Role::Head { .. } | Role::Arrived { .. } => {}
            Role::Control(control) => {
                control.flush(&mut session.connection, id, handle, &mut self.events);
                self.settle(session, handle);
            }
            Role::Delegated { token } => {
                let token = *token;
                self.wake(token, WakeCause::Writable);
            }
        }
    }

    /// The peer stopped reading. A stream is freed only once our direction was reset as well, also
    /// when nobody here knows it any more.
    pub fn stopped(&mut self, session: &mut Session, id: StreamId, code: VarInt) {
        let _ = session.connection.send_stream(id).reset(code);
        let Some(&handle) = session.streams.get(&id) else {
            return;
        };
        let Some(stream) = self.table.get_mut(handle) else {
            return;
        };
        match &mut stream.role {
            Role::Head { .. } | Role::Arrived { .. } => self.abort(session, handle, code),
            Role::Control(control) => {
                control.stopped(handle, code, &mut self.events);
                self.settle(session, handle);
            }
            Role::Delegated { token } => {
                let token = *token;
                self.wake(token, WakeCause::Stopped(code.into_inner()));
            }
        }
    }

    /// Ends both directions abnormally and forgets the stream.
    pub fn abort(&mut self, session: &mut Session, handle: Handle, code: VarInt) {
        if let Some(stream) = self.forget(session, handle) {
            sever(&mut session.connection, stream.id, code);
        }
    }

    /// Forgets a stream whose directions are both over or on the way there.
    pub fn forget(&mut self, session: &mut Session, handle: Handle) -> Option<Stream> {
        let stream = self.table.remove(handle)?;
        session.streams.remove(&stream.id);
        if stream.is_behind {
            session.note_behind(false);
        }
        Some(stream)
    }

    /// Forgets every stream of a session that is over.
    pub fn session_ended(&mut self, session: &mut Session) {
        for (_, handle) in session.streams.drain() {
            let stream = self.table.remove(handle);
            if let Some(Role::Delegated { token }) = stream.map(|stream| stream.role) {
                self.wake(token, WakeCause::SessionEnded);
            }
        }
        for opening in session.openings.drain(..) {
            if let Opening::Delegated { token } = opening {
                self.wake(token, WakeCause::SessionEnded);
            }
        }
    }

    /// Forgets a control stream once both of its directions are over.
    pub fn settle(&mut self, session: &mut Session, handle: Handle) {
        if let Some(stream) = self.table.get(handle) {
            if matches!(&stream.role, Role::Control(control) if control.is_over()) {
                self.forget(session, handle);
            }
        }
    }

    fn insert(&mut self, session: &mut Session, id: StreamId, role: Role) -> Option<Handle> {
        let stream = Stream {
            session: session.handle,
            id,
            role,
            share: Share::default(),
            is_behind: false,
        };
        match self.table.insert(stream) {
            Ok(handle) => {
                session.streams.insert(id, handle);
                Some(handle)
            }
            Err(_) => {
                sever(&mut session.connection, id, VarInt::from_u32(0));
                None
            }
        }
    }

    /// Reads no byte beyond the head: whoever serves the stream gets it untouched.
    fn gather_head(&mut self, session: &mut Session, handle: Handle) {
        let Some(stream) = self.table.get_mut(handle) else {
            return;
        };
        let Role::Head { wanted, got } = &mut stream.role else {
            return;
        };
        let mut complete = got.len() >= *wanted;
        let mut reset = None;
        if !complete {
            let mut recv = session.connection.recv_stream(stream.id);
            let Ok(mut chunks) = recv.read(true) else {
                return;
            };
            while got.len() < *wanted {
                match chunks.next(*wanted - got.len()) {
                    Ok(Some(chunk)) => got.extend_from_slice(&chunk.bytes),
                    Ok(None) => break,
                    Err(ReadError::Reset(code)) => {
                        reset = Some(code);
                        break;
                    }
                    Err(ReadError::Blocked) => {
                        let _ = chunks.finalize();
                        return;
                    }
                }
            }
            let _ = chunks.finalize();
            complete = true;
        }
        if let Some(code) = reset {
            return self.abort(session, handle, code);
        }
        if complete {
            let head = std::mem::take(got).freeze();
            let read_over = head.len() < *wanted;
            stream.role = Role::Arrived {
                head: head.clone(),
                read_over,
            };
            self.arrivals.push(Arrival {
                session: session.handle,
                stream: handle,
                head,
            });
        }
    }

    /// Reports a stream that arrived: somebody above reads and writes it from now on.
    pub fn hand_up(&mut self, session: &mut Session, handle: Handle) {
        let Some(stream) = self.table.get_mut(handle) else {
            return;
        };
        let Role::Arrived { head, read_over } = &mut stream.role else {
            return;
        };
        let (head, read_over) = (std::mem::take(head), *read_over);
        self.events.push(Event::StreamIncoming {
            session: session.handle,
            stream: handle,
            head,
        });
        if read_over {
            self.events.push(Event::StreamFinished { stream: handle });
        }
        let mut control = Control::after_head(read_over);
        // A reset that came meanwhile gives no further event.
        control.read(&mut session.connection, stream.id, handle, &mut self.events);
        stream.role = Role::Control(control);
    }
}

/// Ends both directions of a stream abnormally; either may be over already.
pub fn sever(connection: &mut Connection, id: StreamId, code: VarInt) {
    let _ = connection.send_stream(id).reset(code);
    let _ = connection.recv_stream(id).stop(code);
}
