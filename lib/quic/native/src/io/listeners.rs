//! TCP listeners and the connections they accepted that are not bridged yet.

use super::faults::{fault_of, Ledger};
use super::rules::{Route, Verdict};
use super::tcp::reset_on_close;
use super::tokens;
use crate::event::{BindError, Event, Fault};
use crate::handle::{Arena, Handle};
use crate::limits::*;
use mio::net::{TcpListener, TcpStream};
use mio::{Interest, Registry};
use socket2::{Domain, Protocol, Socket, Type};
use std::collections::VecDeque;
use std::io;
use std::net::SocketAddr;
use std::time::Instant;

struct Listener {
    socket: TcpListener,
    /// Connections accepted and not taken.
    waiting: usize,
}

/// Whether a listener may have more connections.
enum Accepted {
    All,
    SomeLeft,
    /// The system has no descriptor left, or the like.
    Exhausted(io::Error),
}

struct Connection {
    socket: TcpStream,
    listener: Handle,
    taken: bool,
}

pub struct Listeners {
    listeners: Arena<Listener>,
    connections: Arena<Connection>,
    ready: Vec<Handle>,
    /// Listeners to be tried again later, in the order of time.
    retries: VecDeque<(Instant, Handle)>,
}

impl Listeners {
    pub fn new() -> Self {
        Self {
            listeners: Arena::new(BRIDGES_MAX),
            connections: Arena::new(BRIDGES_MAX),
            ready: Vec::new(),
            retries: VecDeque::new(),
        }
    }

    pub fn listen(
        &mut self,
        registry: &Registry,
        tag: u32,
        address: SocketAddr,
        events: &mut Vec<Event>,
    ) {
        events.push(match self.try_listen(registry, address) {
            Ok((listener, address)) => Event::Listening {
                tag,
                listener,
                address,
            },
            Err(error) => Event::ListenFailed {
                tag,
                error: BindError::from(&error),
                reason: error.to_string(),
            },
        });
    }

    fn try_listen(
        &mut self,
        registry: &Registry,
        address: SocketAddr,
    ) -> io::Result<(Handle, SocketAddr)> {
        let socket = TcpListener::from_std(bind(address)?);
        let address = socket.local_addr()?;
        let listener = Listener { socket, waiting: 0 };
        let handle = self
            .listeners
            .insert(listener)
            .map_err(|_| io::Error::other("too many listeners"))?;
        if let Some(listener) = self.listeners.get_mut(handle) {
            let token = tokens::listener(handle);
            registry.register(&mut listener.socket, token, Interest::READABLE)?;
        }
        Ok((handle, address))
    }

    /// Stops listening; connections not taken are reset.
    pub fn close(&mut self, listener: Handle) {
        if self.listeners.remove(listener).is_none() {
            return;
        }
        for handle in self.connections.handles() {
            let connection = self.connections.get(handle);
            if connection.is_some_and(|c| c.listener == listener && !c.taken) {
                self.reset(handle);
            }
        }
    }

    pub fn close_all(&mut self) {
        for listener in self.listeners.handles() {
            self.close(listener);
        }
        for connection in self.connections.handles() {
            self.reset(connection);
        }
    }

    pub fn ready(&mut self, listener: Handle) {
        self.ready.push(listener);
    }

    pub fn has_work(&self) -> bool {
        !self.ready.is_empty()
    }

    pub fn next_deadline(&self) -> Option<Instant> {
        self.retries.front().map(|(at, _)| *at)
    }

    /// Accepts a turn's worth from each listener that is ready. Connections for which `rule` has an
    /// answer are given back with it; the others are reported and wait.
    pub fn accept(
        &mut self,
        ledger: &mut Ledger<'_>,
        events: &mut Vec<Event>,
        mut rule: impl FnMut(Handle) -> Verdict<Route>,
    ) -> Vec<(TcpStream, Verdict<Route>)> {
        let now = ledger.now;
        let mut ruled = Vec::new();
        while let Some((_, handle)) = self.retries.front().filter(|(at, _)| *at <= now) {
            self.ready.push(*handle);
            self.retries.pop_front();
        }
        for handle in std::mem::take(&mut self.ready) {
            let Some(listener) = self.listeners.get_mut(handle) else {
                continue;
            };
            let connections = &mut self.connections;
            let accepted = accept_from(listener, |listener, socket, remote| {
                match rule(handle) {
                    Verdict::Ask => report(connections, (handle, listener), socket, remote, events),
                    answer => ruled.push((socket, answer)),
                };
            });
            match accepted {
                Accepted::All => {}
                Accepted::SomeLeft => self.ready.push(handle),
                Accepted::Exhausted(error) => {
                    ledger.note(fault_of(&error).unwrap_or(Fault::Other), &error);
                    self.retries.push_back((now + ACCEPT_RETRY, handle));
                }
            }
        }
        ruled
    }

    /// Somebody above took the connection: it waits no more.
    pub fn take(&mut self, connection: Handle) {
        if let Some(connection) = self.connections.get_mut(connection) {
            if !std::mem::replace(&mut connection.taken, true) {
                if let Some(listener) = self.listeners.get_mut(connection.listener) {
                    listener.waiting -= 1;
                }
            }
        }
    }

    pub fn reset(&mut self, connection: Handle) {
        if let Some(socket) = self.remove(connection) {
            reset_on_close(&socket);
        }
    }

    /// Gives the connection away, to be bridged.
    pub fn remove(&mut self, connection: Handle) -> Option<TcpStream> {
        self.take(connection);
        Some(self.connections.remove(connection)?.socket)
    }
}

/// Reports a connection, which waits until somebody above takes it.
fn report(
    connections: &mut Arena<Connection>,
    (handle, listener): (Handle, &mut Listener),
    socket: TcpStream,
    remote: SocketAddr,
    events: &mut Vec<Event>,
) {
    if listener.waiting >= CONNECTIONS_WAITING_MAX {
        return reset_on_close(&socket);
    }
    let connection = Connection {
        socket,
        listener: handle,
        taken: false,
    };
    match connections.insert(connection) {
        Ok(connection) => {
            listener.waiting += 1;
            events.push(Event::TcpAccepted {
                listener: handle,
                connection,
                remote,
            });
        }
        Err(refused) => reset_on_close(&refused.socket),
    }
}

fn accept_from(
    listener: &mut Listener,
    mut place: impl FnMut(&mut Listener, TcpStream, SocketAddr),
) -> Accepted {
    for _ in 0..ACCEPTS_PER_TURN {
        match listener.socket.accept() {
            Ok((socket, remote)) => place(listener, socket, remote),
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => return Accepted::All,
                // A connection that went before it was accepted says nothing about the next.
                io::ErrorKind::ConnectionAborted
                | io::ErrorKind::ConnectionReset
                | io::ErrorKind::Interrupted => {}
                _ => return Accepted::Exhausted(error),
            },
        }
    }
    Accepted::SomeLeft
}

fn bind(address: SocketAddr) -> io::Result<std::net::TcpListener> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::STREAM, Some(Protocol::TCP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    // On Windows the option would let two programs listen on one port.
    #[cfg(unix)]
    socket.set_reuse_address(true)?;
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    socket.listen(1024)?;
    Ok(socket.into())
}
