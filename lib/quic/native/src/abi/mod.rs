//! The door: a handful of C functions, and nothing else that others may call.
//!
//! Invariants: no panic crosses the boundary; engines are named by handles with generations, so
//! that a stale one finds nothing; buffers belong to the caller and are used only during the call.
//!
//! All but `wait` return at once. `wait` may be called on any thread while others call the rest.

mod commands;
mod flows;
mod opening;
mod records;
#[cfg(test)]
mod tests;

pub use records::{encode, record_size};

use crate::core::Transports;
use crate::event::BindError;
use crate::handle::{Arena, Handle};
use crate::io::{start, Command, Running};
use crate::qlog::Qlog;
use crate::shared::Shared;
use commands::{perform, Arguments, Reader, Refusal};
use opening::{options, protocols, reset_key};
use records::encode_address;
use std::panic::{catch_unwind, UnwindSafe};
use std::sync::{Arc, LazyLock, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

/// Changes with every change of these functions, of a command, or of a record.
pub const ABI_VERSION: u32 = 6;

/// The hash of the sources this was built from, in a form that can be found in the file. The
/// build script sets it; a build by hand has none.
static SOURCES: &str = match option_env!("POLLEN_QUIC_SOURCES") {
    Some(text) => text,
    None => "pollen_quic-sources-sha256=unknown",
};

/// Engines of one process at a time: one for each socket.
const ENGINES_MAX: usize = 4_096;

static ENGINES: LazyLock<Mutex<Arena<Running>>> =
    LazyLock::new(|| Mutex::new(Arena::new(ENGINES_MAX)));

fn engines() -> MutexGuard<'static, Arena<Running>> {
    ENGINES.lock().unwrap_or_else(PoisonError::into_inner)
}

fn shared(engine: Handle) -> Option<Arc<Shared>> {
    Some(engines().get(engine)?.shared.clone())
}

fn guarded<T>(otherwise: T, act: impl FnOnce() -> T + UnwindSafe) -> T {
    catch_unwind(act).unwrap_or(otherwise)
}

/// # Safety
/// `bytes` must be valid for reads of `length` bytes, unless `length` is 0.
unsafe fn input<'a>(bytes: *const u8, length: u32) -> &'a [u8] {
    match bytes.is_null() || length == 0 {
        true => &[],
        // SAFETY: by the contract of this function.
        false => unsafe { std::slice::from_raw_parts(bytes, length as usize) },
    }
}

/// # Safety
/// `bytes` must be valid for writes of `capacity` values, unless `capacity` is 0.
unsafe fn output<'a, T>(values: *mut T, capacity: u32) -> &'a mut [T] {
    match values.is_null() || capacity == 0 {
        true => &mut [],
        // SAFETY: by the contract of this function.
        false => unsafe { std::slice::from_raw_parts_mut(values, capacity as usize) },
    }
}

fn copy<T: Copy>(from: &[T], into: &mut [T]) -> u32 {
    let count = from.len().min(into.len());
    into[..count].copy_from_slice(&from[..count]);
    count as u32
}

#[no_mangle]
pub extern "C" fn pollen_quic_abi_version() -> u32 {
    ABI_VERSION
}

/// Copies the text that names the sources; gives its length.
///
/// # Safety
/// `text` must be valid for writes of `capacity` bytes.
#[no_mangle]
pub unsafe extern "C" fn pollen_quic_sources(text: *mut u8, capacity: u32) -> u32 {
    // SAFETY: by the contract of this function.
    let text = unsafe { output(text, capacity) };
    copy(SOURCES.as_bytes(), text)
}

/// Opens an engine on the address that begins `bytes`, with the options, the folder for traces
/// (length and text; empty for none), the key of its resets (length and 32 bytes; empty for one of
/// chance) and the protocols that follow.
///
/// Gives its handle, and in `answer` its address; or 0, and in `answer` a code (u8) and a text.
/// The answer is preceded by its length (u32).
///
/// # Safety
/// `bytes` must be valid for reads of `length` bytes, `answer` for writes of `capacity` bytes.
#[no_mangle]
pub unsafe extern "C" fn pollen_quic_new(
    bytes: *const u8,
    length: u32,
    answer: *mut u8,
    capacity: u32,
) -> Handle {
    // SAFETY: by the contract of this function.
    let (bytes, answer) = unsafe { (input(bytes, length), output(answer, capacity)) };
    let opened = guarded(Err((OpenError::Failed, String::new())), || open(bytes));
    let mut text = vec![0; 4];
    let handle = match opened {
        Ok((handle, address)) => {
            encode_address(address, &mut text);
            handle
        }
        Err((error, reason)) => {
            text.push(error as u8);
            text.extend_from_slice(reason.as_bytes());
            0
        }
    };
    let content = text.len().min(answer.len()).saturating_sub(4) as u32;
    text[..4].copy_from_slice(&content.to_le_bytes());
    copy(&text, answer);
    handle
}

/// Why an engine could not be opened. The numbers are part of the ABI.
#[derive(Clone, Copy)]
#[repr(u8)]
enum OpenError {
    InUse = BindError::InUse as u8,
    Denied = BindError::Denied as u8,
    Io = BindError::Io as u8,
    Malformed = 4,
    BadIdentity = 5,
    Exhausted = 6,
    Failed = 7,
    /// The folder for traces cannot be made.
    Qlog = 8,
}

fn open(bytes: &[u8]) -> Result<(Handle, std::net::SocketAddr), (OpenError, String)> {
    let refused = |refusal| match refusal {
        Refusal::BadIdentity => (OpenError::BadIdentity, String::new()),
        _ => (OpenError::Malformed, String::new()),
    };
    let mut reader = Reader(bytes);
    let address = reader.address().map_err(refused)?;
    let options = options(&mut reader).map_err(refused)?;
    let folder = reader.text().map_err(refused)?;
    let key = reset_key(&mut reader).map_err(refused)?;
    let protocols = protocols(&mut reader).map_err(refused)?;
    let qlog = match folder.is_empty() {
        true => None,
        false => Some(Qlog::start(folder.as_ref()).map_err(|e| (OpenError::Qlog, e.to_string()))?),
    };
    let transports = Transports::new(options, qlog);
    let running = start(address, protocols, transports, &key).map_err(|error| {
        let kind = match BindError::from(&error) {
            BindError::InUse => OpenError::InUse,
            BindError::Denied => OpenError::Denied,
            BindError::Io => OpenError::Io,
        };
        (kind, error.to_string())
    })?;
    let local = running.local_address;
    let inserted = engines().insert(running);
    match inserted {
        Ok(handle) => Ok((handle, local)),
        Err(running) => {
            stop(running);
            Err((OpenError::Exhausted, "too many engines".to_owned()))
        }
    }
}

/// Carries out or queues a command. Gives 0 or, for some operations, a result; below 0 a refusal.
///
/// # Safety
/// `bytes` must be valid for reads of `length` bytes.
#[no_mangle]
pub unsafe extern "C" fn pollen_quic_command(
    engine: Handle,
    operation: u32,
    a: u32,
    b: u32,
    s: f64,
    bytes: *const u8,
    length: u32,
) -> i32 {
    // SAFETY: by the contract of this function.
    let bytes = unsafe { input(bytes, length) };
    guarded(Refusal::Failed as i32, || {
        let Some(shared) = shared(engine) else {
            return Refusal::NoEngine as i32;
        };
        let arguments = Arguments {
            operation,
            a,
            b,
            s,
            bytes,
        };
        match perform(&shared, &arguments) {
            Ok(result) => result,
            Err(refusal) => refusal as i32,
        }
    })
}

/// Waits until records can be taken, the engine is shut down, or the time is over. Gives how many
/// bytes of records there are.
#[no_mangle]
pub extern "C" fn pollen_quic_wait(engine: Handle, milliseconds: u32) -> u32 {
    guarded(0, || {
        let time = Duration::from_millis(milliseconds.into());
        let waiting = shared(engine).map_or(0, |shared| shared.wait(time));
        u32::try_from(waiting).unwrap_or(u32::MAX)
    })
}

/// Copies whole records, as many as fit; gives how many bytes that were.
///
/// # Safety
/// `records` must be valid for writes of `capacity` bytes.
#[no_mangle]
pub unsafe extern "C" fn pollen_quic_take(engine: Handle, records: *mut u8, capacity: u32) -> u32 {
    // SAFETY: by the contract of this function.
    let records = unsafe { output(records, capacity) };
    guarded(
        0,
        std::panic::AssertUnwindSafe(|| {
            shared(engine).map_or(0, |shared| shared.take(records) as u32)
        }),
    )
}

/// Copies the numbers of a session or, for handle 0, of the engine; gives how many there are, 0 if
/// there is no such thing.
///
/// # Safety
/// `numbers` must be valid for writes of `capacity` doubles.
#[no_mangle]
pub unsafe extern "C" fn pollen_quic_stats(
    engine: Handle,
    session: Handle,
    numbers: *mut f64,
    capacity: u32,
) -> u32 {
    // SAFETY: by the contract of this function.
    let numbers = unsafe { output(numbers, capacity) };
    guarded(
        0,
        std::panic::AssertUnwindSafe(|| {
            let Some(shared) = shared(engine) else {
                return 0;
            };
            match session {
                0 => copy(&shared.counters.read(), numbers),
                _ => shared
                    .gauge(session)
                    .map_or(0, |gauge| copy(&gauge.read(), numbers)),
            }
        }),
    )
}

/// Copies the numbers of a relayed flow: packets, bytes, dropped packets. Gives how many there are, 0
/// if there is no such flow.
///
/// # Safety
/// `numbers` must be valid for writes of `capacity` doubles.
#[no_mangle]
pub unsafe extern "C" fn pollen_quic_relay_stats(
    engine: Handle,
    relay: u32,
    numbers: *mut f64,
    capacity: u32,
) -> u32 {
    // SAFETY: by the contract of this function.
    let numbers = unsafe { output(numbers, capacity) };
    guarded(
        0,
        std::panic::AssertUnwindSafe(|| {
            let counts = shared(engine).and_then(|shared| shared.relay(relay));
            counts.map_or(0, |counts| copy(&counts.read(), numbers))
        }),
    )
}

/// Copies the numbers of a local port or a service of flows by its tag; gives how many there are, 0
/// if there is no such thing.
///
/// # Safety
/// `numbers` must be valid for writes of `capacity` doubles.
#[no_mangle]
pub unsafe extern "C" fn pollen_quic_flow_stats(
    engine: Handle,
    tag: u32,
    numbers: *mut f64,
    capacity: u32,
) -> u32 {
    // SAFETY: by the contract of this function.
    let numbers = unsafe { output(numbers, capacity) };
    guarded(
        0,
        std::panic::AssertUnwindSafe(|| {
            let gauge = shared(engine).and_then(|shared| shared.flow_gauge(tag));
            gauge.map_or(0, |gauge| copy(&gauge.read(), numbers))
        }),
    )
}

/// Ends the engine's thread and frees everything. A handle that was freed before is without effect.
#[no_mangle]
pub extern "C" fn pollen_quic_free(engine: Handle) {
    guarded((), || {
        let running = engines().remove(engine);
        if let Some(running) = running {
            stop(running);
        }
    });
}

fn stop(running: Running) {
    running.shared.push(Command::Shutdown {
        reason: String::new(),
    });
    // A thread that panicked has said so in its last record.
    let _ = running.thread.join();
}
