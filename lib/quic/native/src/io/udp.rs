//! The UDP socket: batches in and out by quinn-udp, which segments and coalesces where the system
//! can, forbids fragmentation and carries congestion marks.
//!
//! Invariant: no error of the system on sending ends anything here. A packet that could not be
//! sent is a lost packet, which QUIC repairs.

use super::address::for_socket;
use super::backlog::{Backlog, Train};
use crate::limits::*;
use crate::shared::Counters;
use bytes::BytesMut;
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use quinn_proto::{EcnCodepoint, Transmit};
use quinn_udp::{RecvMeta, UdpSockRef, UdpSocketState, BATCH_SIZE};
use socket2::{Domain, Protocol, Socket, Type};
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;
use std::sync::atomic::Ordering::Relaxed;

/// Room for one coalesced train.
const TRAIN_BUFFER: usize = 65_536;
/// Trains of this length are handed on in the buffer that they came in. Shorter ones are copied
/// out of it, so that nothing that waits to be read keeps more than twice its size alive.
const TRAIN_KEPT_MIN: usize = TRAIN_BUFFER / 2;

/// What became of a send.
pub enum Sent {
    Done,
    /// The socket is full: try again when it is writable.
    Blocked,
    /// The system knows no way there.
    Unreachable(io::Error),
}

pub struct Udp {
    socket: UdpSocket,
    state: UdpSocketState,
    pub is_v6: bool,
    pub readable: bool,
    pub writable: bool,
    /// Where trains arrive; each is used again once nobody has a packet of its train any more.
    buffers: Vec<BytesMut>,
}

impl Udp {
    /// Binds. `[::]` also takes IPv4, and stands for `0.0.0.0` where there is no IPv6.
    pub fn bind(address: SocketAddr) -> io::Result<Self> {
        let socket = match Self::bind_exactly(address) {
            Err(error) if address.is_ipv6() && address.ip().is_unspecified() => {
                match error.kind() {
                    io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Err(error),
                    _ => Self::bind_exactly(([0, 0, 0, 0], address.port()).into()),
                }
            }
            result => result,
        }?;
        let state = UdpSocketState::new(UdpSockRef::from(&socket))?;
        let is_v6 = socket.local_addr()?.is_ipv6();
        Ok(Self {
            socket: UdpSocket::from_std(socket),
            state,
            is_v6,
            readable: true,
            writable: true,
            buffers: vec![BytesMut::new(); BATCH_SIZE],
        })
    }

    fn bind_exactly(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
        let domain = Domain::for_address(address);
        let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
        if address.is_ipv6() {
            socket.set_only_v6(!address.ip().is_unspecified())?;
        }
        socket.set_nonblocking(true)?;
        request_buffers(&socket);
        socket.bind(&address.into())?;
        Ok(socket.into())
    }

    pub fn register(&mut self, registry: &Registry, token: Token) -> io::Result<()> {
        let both = Interest::READABLE | Interest::WRITABLE;
        registry.register(&mut self.socket, token, both)
    }

    pub fn local_address(&self) -> io::Result<SocketAddr> {
        self.socket.local_addr()
    }

    pub fn never_fragments(&self) -> bool {
        !self.state.may_fragment()
    }

    /// How many packets one send may carry.
    pub fn segments_max(&self) -> usize {
        self.state.max_gso_segments()
    }

    /// What the system granted, in bytes: receiving, sending.
    pub fn buffer_sizes(&self) -> (u64, u64) {
        let socket = UdpSockRef::from(&self.socket);
        let receive = self.state.recv_buffer_size(socket).unwrap_or(0);
        let socket = UdpSockRef::from(&self.socket);
        let send = self.state.send_buffer_size(socket).unwrap_or(0);
        (receive as u64, send as u64)
    }

    /// Takes one batch from the system; `readable` stays set while there may be more.
    pub fn receive(&mut self, counters: &Counters, backlog: &mut Backlog) {
        let mut metas = [RecvMeta::default(); BATCH_SIZE];
        let buffers = self.buffers.iter_mut().map(with_room);
        let mut slices: Vec<_> = buffers.map(|room| IoSliceMut::new(room)).collect();
        let state = &self.state;
        let socket = &self.socket;
        let batch = socket.try_io(|| state.recv(socket.into(), &mut slices, &mut metas));
        let count = match batch {
            Ok(count) => count,
            Err(error) => {
                // Anything but "nothing there" is an echo of an earlier send.
                self.readable = error.kind() != io::ErrorKind::WouldBlock;
                return;
            }
        };
        self.readable = count == BATCH_SIZE;
        counters.receive_calls.fetch_add(1, Relaxed);
        for (meta, buffer) in metas[..count].iter().zip(&mut self.buffers) {
            let len = meta.len.min(buffer.len());
            let bytes = match len >= TRAIN_KEPT_MIN {
                true => buffer.split_to(len),
                false => BytesMut::from(&buffer[..len]),
            };
            counters.bytes_received.fetch_add(len as u64, Relaxed);
            let packets = len.div_ceil(meta.stride.max(1));
            counters.packets_received.fetch_add(packets as u64, Relaxed);
            backlog.push(Train {
                remote: meta.addr,
                local_ip: meta.dst_ip,
                ecn: meta.ecn.and_then(|ecn| EcnCodepoint::from_bits(ecn as u8)),
                stride: meta.stride,
                bytes,
            });
        }
    }

    /// Sends one train of QUIC packets.
    pub fn send(&mut self, transmit: &Transmit, payload: &[u8], counters: &Counters) -> Sent {
        self.send_parts(
            &quinn_udp::Transmit {
                destination: transmit.destination,
                ecn: transmit
                    .ecn
                    .and_then(|ecn| quinn_udp::EcnCodepoint::from_bits(ecn as u8)),
                contents: &payload[..transmit.size],
                segment_size: transmit.segment_size,
                src_ip: transmit.src_ip,
            },
            counters,
        )
    }

    /// Sends one packet that is not QUIC; it is lost where the socket is full.
    pub fn send_raw(&mut self, to: SocketAddr, payload: &[u8], counters: &Counters) {
        let Some(destination) = for_socket(to, self.is_v6) else {
            return;
        };
        let transmit = quinn_udp::Transmit {
            destination,
            ecn: None,
            contents: payload,
            segment_size: None,
            src_ip: None,
        };
        if let Sent::Blocked = self.send_parts(&transmit, counters) {
            self.writable = false;
        }
    }

    fn send_parts(&mut self, transmit: &quinn_udp::Transmit<'_>, counters: &Counters) -> Sent {
        let state = &self.state;
        let socket = &self.socket;
        let sent = socket.try_io(|| state.try_send(socket.into(), transmit));
        counters.send_calls.fetch_add(1, Relaxed);
        match sent {
            Ok(()) => {
                let bytes = transmit.contents.len();
                let segments = transmit.segment_size.map_or(1, |size| bytes.div_ceil(size));
                counters.packets_sent.fetch_add(segments as u64, Relaxed);
                counters.bytes_sent.fetch_add(bytes as u64, Relaxed);
                Sent::Done
            }
            Err(error) => match error.kind() {
                io::ErrorKind::WouldBlock => Sent::Blocked,
                io::ErrorKind::NetworkUnreachable | io::ErrorKind::HostUnreachable => {
                    Sent::Unreachable(error)
                }
                _ => Sent::Done,
            },
        }
    }
}

/// Makes room for a train in a buffer: the same as before if nobody has a part of it any more,
/// which is still in the processor's cache.
fn with_room(buffer: &mut BytesMut) -> &mut BytesMut {
    if buffer.len() < TRAIN_BUFFER {
        buffer.clear();
        if buffer.try_reclaim(TRAIN_BUFFER) {
            // SAFETY: the buffer was made of so many initialised bytes, and has its room back.
            unsafe { buffer.set_len(TRAIN_BUFFER) };
        } else {
            *buffer = BytesMut::zeroed(TRAIN_BUFFER);
        }
    }
    buffer
}

/// Asks for large buffers: past the usual limit where we may, else up to it.
fn request_buffers(socket: &Socket) {
    let forced = force_buffers(socket);
    if !forced {
        let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
        let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
    }
}

#[cfg(target_os = "linux")]
fn force_buffers(socket: &Socket) -> bool {
    use std::os::fd::AsRawFd;
    let bytes = SOCKET_BUFFER_BYTES as libc::c_int;
    let force = |option| {
        // SAFETY: the option takes an int, and the pointer and size given are those of one.
        let code = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                libc::SOL_SOCKET,
                option,
                (&raw const bytes).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
        code == 0
    };
    force(libc::SO_RCVBUFFORCE) && force(libc::SO_SNDBUFFORCE)
}

#[cfg(not(target_os = "linux"))]
fn force_buffers(_: &Socket) -> bool {
    false
}
