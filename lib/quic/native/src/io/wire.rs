//! The UDP socket itself: how it is bound, what it is asked for, and the two calls that move
//! packets. What its errors mean is decided elsewhere; here they are only seen.

use crate::limits::SOCKET_BUFFER_BYTES;
use mio::net::UdpSocket;
use mio::{Interest, Registry, Token};
use quinn_udp::{RecvMeta, Transmit, UdpSockRef, UdpSocketState};
use socket2::{Domain, Protocol, SockRef, Socket, Type};
use std::io::{self, IoSliceMut};
use std::net::SocketAddr;

pub struct Wire {
    socket: UdpSocket,
    state: UdpSocketState,
    offload: bool,
    #[cfg(test)]
    pub script: super::testing::Script,
}

impl Wire {
    /// `offload`: whether the system may segment and coalesce packets for us, where it can.
    pub fn bind(address: SocketAddr, offload: bool) -> io::Result<Self> {
        let socket = UdpSocket::from_std(bind(address)?);
        let state = state_of(&socket, offload)?;
        Ok(Self {
            socket,
            state,
            offload,
            #[cfg(test)]
            script: Default::default(),
        })
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
        match self.offload {
            true => self.state.max_gso_segments(),
            false => 1,
        }
    }

    /// Whether the system gives us trains of packets in one piece.
    pub fn coalesces(&self) -> bool {
        self.offload && self.state.gro_segments() > 1
    }

    /// Forgets what quinn-udp concluded from errors, which is for the life of the socket: it takes
    /// `EINVAL` for a lack of segmentation and of congestion marks, whatever the reason was.
    pub fn forget_errors(&mut self) {
        if let Ok(state) = state_of(&self.socket, self.offload) {
            self.state = state;
        }
    }

    /// Asks for large buffers: past the usual limit where we may, else up to it.
    pub fn enlarge_buffers(&self) {
        let socket = SockRef::from(&self.socket);
        if !options::force_buffers(&self.socket) {
            let _ = socket.set_recv_buffer_size(SOCKET_BUFFER_BYTES);
            let _ = socket.set_send_buffer_size(SOCKET_BUFFER_BYTES);
        }
    }

    /// What the system granted, in bytes: receiving, sending.
    pub fn buffer_sizes(&self) -> (u64, u64) {
        // Linux counts its own overhead as much as what was asked for (socket(7)).
        let share = if cfg!(target_os = "linux") { 2 } else { 1 };
        let granted = |bytes: io::Result<usize>| bytes.unwrap_or(0) as u64 / share;
        let receive = self.state.recv_buffer_size(UdpSockRef::from(&self.socket));
        let send = self.state.send_buffer_size(UdpSockRef::from(&self.socket));
        (granted(receive), granted(send))
    }

    pub fn send(&self, transmit: &Transmit<'_>) -> io::Result<()> {
        #[cfg(test)]
        self.script.before_send(transmit)?;
        let (socket, state) = (&self.socket, &self.state);
        socket.try_io(|| state.try_send(socket.into(), transmit))
    }

    pub fn receive(
        &self,
        buffers: &mut [IoSliceMut<'_>],
        metas: &mut [RecvMeta],
    ) -> io::Result<usize> {
        #[cfg(test)]
        self.script.before_receive()?;
        let (socket, state) = (&self.socket, &self.state);
        socket.try_io(|| state.recv(socket.into(), buffers, metas))
    }

    /// The socket's number, for those who break it.
    #[cfg(all(test, unix))]
    pub fn number(&self) -> std::os::fd::RawFd {
        use std::os::fd::AsRawFd;
        self.socket.as_raw_fd()
    }

    /// Lets go of the socket without closing it: its number belongs to somebody else by now.
    pub fn abandon(self) {
        #[cfg(unix)]
        {
            use std::os::fd::IntoRawFd;
            let _ = self.socket.into_raw_fd();
        }
        #[cfg(windows)]
        {
            use std::os::windows::io::IntoRawSocket;
            let _ = self.socket.into_raw_socket();
        }
    }
}

/// What quinn-udp finds the socket able to do; it asks for coalescing as it looks.
fn state_of(socket: &UdpSocket, offload: bool) -> io::Result<UdpSocketState> {
    let state = UdpSocketState::new(UdpSockRef::from(socket))?;
    if !offload {
        options::refuse_coalescing(socket)?;
    }
    Ok(state)
}

/// `[::]` also takes IPv4, and stands for `0.0.0.0` where there is no IPv6.
fn bind(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    match bind_exactly(address) {
        Err(error) if address.is_ipv6() && address.ip().is_unspecified() => match error.kind() {
            io::ErrorKind::AddrInUse | io::ErrorKind::PermissionDenied => Err(error),
            _ => bind_exactly(([0, 0, 0, 0], address.port()).into()),
        },
        result => result,
    }
}

fn bind_exactly(address: SocketAddr) -> io::Result<std::net::UdpSocket> {
    let domain = Domain::for_address(address);
    let socket = Socket::new(domain, Type::DGRAM, Some(Protocol::UDP))?;
    if address.is_ipv6() {
        socket.set_only_v6(!address.ip().is_unspecified())?;
    }
    socket.set_nonblocking(true)?;
    socket.bind(&address.into())?;
    Ok(socket.into())
}

/// What only Linux knows.
#[cfg(target_os = "linux")]
mod options {
    use crate::limits::SOCKET_BUFFER_BYTES;
    use std::io;
    use std::os::fd::AsRawFd;

    pub fn force_buffers(socket: &impl AsRawFd) -> bool {
        let bytes = SOCKET_BUFFER_BYTES as libc::c_int;
        let force = |option| set(socket, libc::SOL_SOCKET, option, bytes).is_ok();
        force(libc::SO_RCVBUFFORCE) && force(libc::SO_SNDBUFFORCE)
    }

    pub fn refuse_coalescing(socket: &impl AsRawFd) -> io::Result<()> {
        match set(socket, libc::SOL_UDP, libc::UDP_GRO, 0) {
            // A system that does not know it does not do it.
            Err(error) if error.raw_os_error() != Some(libc::ENOPROTOOPT) => Err(error),
            _ => Ok(()),
        }
    }

    fn set(
        socket: &impl AsRawFd,
        level: libc::c_int,
        option: libc::c_int,
        value: libc::c_int,
    ) -> io::Result<()> {
        // SAFETY: the option takes an int, and the pointer and size given are those of one.
        let code = unsafe {
            libc::setsockopt(
                socket.as_raw_fd(),
                level,
                option,
                (&raw const value).cast(),
                size_of::<libc::c_int>() as libc::socklen_t,
            )
        };
        match code {
            0 => Ok(()),
            _ => Err(io::Error::last_os_error()),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod options {
    use std::io;

    pub fn force_buffers(_: &mio::net::UdpSocket) -> bool {
        false
    }

    pub fn refuse_coalescing(_: &mio::net::UdpSocket) -> io::Result<()> {
        Ok(())
    }
}
