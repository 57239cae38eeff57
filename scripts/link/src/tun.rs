//! TUN devices: network interfaces whose packets a program carries. Each is made in a namespace of
//! the folder where `ip netns` keeps them, and is gone with its descriptor.

use std::fs::{File, OpenOptions};
use std::io::{self, Read, Write};
use std::os::fd::{AsRawFd, FromRawFd, OwnedFd};
use std::os::unix::fs::OpenOptionsExt;
use std::time::Duration;

/// Where `ip netns` keeps namespaces.
const NAMESPACES: &str = "/run/netns";
/// Packets that wait for this program at most: the usual 500 are gone while it does not run.
const QUEUE_PACKETS: libc::c_int = 10_000;

pub struct Tun(File);

impl Tun {
    /// Makes one that is up. The calling thread moves to the namespace for good.
    pub fn open(namespace: &str, name: &str, mtu: u16) -> io::Result<Self> {
        let there = File::open(format!("{NAMESPACES}/{namespace}"))?;
        // SAFETY: the descriptor is open for as long as the call takes.
        check(unsafe { libc::setns(there.as_raw_fd(), libc::CLONE_NEWNET) })?;
        let device = OpenOptions::new()
            .read(true)
            .write(true)
            .custom_flags(libc::O_NONBLOCK)
            .open("/dev/net/tun")?;
        let mut request = Request::new(name)?;
        // Whole IP packets, without a header before them and without what the kernel would leave to
        // the device: it cuts what is too large, and makes checksums.
        request.value.flags = (libc::IFF_TUN | libc::IFF_NO_PI) as libc::c_short;
        request.call(&device, libc::TUNSETIFF)?;
        // SAFETY: no pointer is passed. The socket is owned by nobody else.
        let socket = unsafe {
            let socket = libc::socket(libc::AF_INET, libc::SOCK_DGRAM | libc::SOCK_CLOEXEC, 0);
            check(socket)?;
            OwnedFd::from_raw_fd(socket)
        };
        request.value.number = mtu.into();
        request.call(&socket, libc::SIOCSIFMTU)?;
        request.value.number = QUEUE_PACKETS;
        request.call(&socket, libc::SIOCSIFTXQLEN)?;
        request.value.flags = libc::IFF_UP as libc::c_short;
        request.call(&socket, libc::SIOCSIFFLAGS)?;
        Ok(Self(device))
    }

    /// A packet that the system sends there; its length, or none if there is none. Fails when the
    /// namespace is gone.
    pub fn read(&self, packet: &mut [u8]) -> io::Result<Option<usize>> {
        match (&self.0).read(packet) {
            Ok(length) => Ok(Some(length)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// Lets a packet arrive there; whether the system took it.
    pub fn write(&self, packet: &[u8]) -> bool {
        (&self.0).write(packet).is_ok()
    }

    /// Waits for a packet, or until the time has passed.
    pub fn wait(&self, longest: Option<Duration>) {
        let mut poll = libc::pollfd {
            fd: self.0.as_raw_fd(),
            events: libc::POLLIN,
            revents: 0,
        };
        let time = longest.map(|longest| libc::timespec {
            tv_sec: longest.as_secs() as libc::time_t,
            tv_nsec: longest.subsec_nanos().into(),
        });
        let time = time.as_ref().map_or(std::ptr::null(), std::ptr::from_ref);
        // SAFETY: both point to what lives until the call returns, and one `pollfd` is named.
        unsafe { libc::ppoll(&mut poll, 1, time, std::ptr::null()) };
    }
}

/// What the system is asked about an interface: `struct ifreq`, of which three members are used.
#[repr(C)]
struct Request {
    name: [libc::c_char; libc::IFNAMSIZ],
    value: Value,
}

#[repr(C)]
union Value {
    flags: libc::c_short,
    number: libc::c_int,
    /// As large as the largest of all members.
    all: [u8; 24],
}

impl Request {
    fn new(name: &str) -> io::Result<Self> {
        let mut request = Self {
            name: [0; libc::IFNAMSIZ],
            value: Value { all: [0; 24] },
        };
        // The last one stays 0.
        if name.is_empty() || name.len() >= libc::IFNAMSIZ {
            return Err(io::Error::other("the name is too long"));
        }
        for (to, from) in request.name.iter_mut().zip(name.bytes()) {
            *to = from as libc::c_char;
        }
        Ok(request)
    }

    fn call(&mut self, on: &impl AsRawFd, what: libc::Ioctl) -> io::Result<()> {
        // SAFETY: each of the calls used reads and writes a `struct ifreq`, and this is one.
        check(unsafe { libc::ioctl(on.as_raw_fd(), what, std::ptr::from_mut(self)) })
    }
}

fn check(result: libc::c_int) -> io::Result<()> {
    if result < 0 {
        return Err(io::Error::last_os_error());
    }
    Ok(())
}
