//! The folders of unpacked programs, used by many processes at once.
//!
//! Every process that runs from a folder holds it locked, shared, to its end: the lock outlives the
//! change from launcher to program, and the kernel frees it whatever becomes of the process. One process
//! at a time holds the parent, to unpack or clean up. A file system without locks is no obstacle: the
//! step that makes a folder appear is atomic by itself; only cleaning is left out.

use std::fs::{self, File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant, SystemTime};

use crate::cache;
use crate::failure::{Code, Failure};
use crate::glibc;
use crate::payload::Payload;
use crate::system;
use crate::unpack;

/// How long another process may take to unpack: a slow disk needs half a minute.
const UNPACK_TIMEOUT: Duration = Duration::from_secs(120);
const RETRY_EVERY: Duration = Duration::from_millis(10);

/// A version that nobody started for so long is removed when another one is unpacked.
const UNUSED_AFTER: Duration = Duration::from_secs(7 * 24 * 60 * 60);

/// An unpacked program. As long as `lock` is open, nobody removes it.
pub struct Unpacked {
    pub folder: PathBuf,
    pub lock: Option<File>,
}

/// The folder of the program in `payload`: unpacked now if it is not there, or not whole.
pub fn acquire(root: &Path, payload: &Payload) -> Result<Unpacked, Failure> {
    let root = &cache::resolve(root)?;
    let folder = root.join(&payload.key);
    if let Some(unpacked) = present(&folder, payload)? {
        return Ok(unpacked);
    }
    if let Some(needed) = &payload.manifest.glibc {
        glibc::demand(needed, &payload.manifest.target)?;
    }
    cache::prepare(root, payload.manifest.unpacked_bytes())?;
    system::demand_executable(root)?;
    let turn = wait_for_turn(root)?;
    // Another process may have done it in the meantime.
    if let Some(unpacked) = present(&folder, payload)? {
        return Ok(unpacked);
    }
    if turn.is_some() {
        clean(root, &payload.key);
    }
    unpack::unpack(payload, &folder)?;
    let lock = hold(&folder);
    Ok(Unpacked { folder, lock })
}

/// The folder if it can be used as it is.
fn present(folder: &Path, payload: &Payload) -> Result<Option<Unpacked>, Failure> {
    if fs::symlink_metadata(folder).is_err() {
        return Ok(None);
    }
    // The parent first: who may write there could swap the folder at any time.
    cache::demand_trust(folder.parent().unwrap_or(folder))?;
    cache::demand_trust(folder)?;
    let lock = hold(folder);
    let is_whole = unpack::is_whole(folder, &payload.manifest);
    Ok(is_whole.then(|| Unpacked {
        folder: folder.to_owned(),
        lock,
    }))
}

/// Holds a folder and notes that it was used. Nothing where folders cannot be locked.
fn hold(folder: &Path) -> Option<File> {
    loop {
        let file = File::open(folder).ok()?;
        file.lock_shared().ok()?;
        // Unless it was replaced before it was locked.
        if system::is_at(&file, folder) {
            let _ = file.set_modified(SystemTime::now());
            return Some(file);
        }
    }
}

/// Waits until no other process unpacks.
fn wait_for_turn(root: &Path) -> Result<Option<File>, Failure> {
    let Ok(file) = File::open(root) else {
        return Ok(None);
    };
    let deadline = Instant::now() + UNPACK_TIMEOUT;
    loop {
        match file.try_lock() {
            Ok(()) => return Ok(Some(file)),
            Err(TryLockError::Error(_)) => return Ok(None),
            Err(TryLockError::WouldBlock) if Instant::now() < deadline => {
                std::thread::sleep(RETRY_EVERY);
            }
            Err(TryLockError::WouldBlock) => {
                return Err(Failure::new(
                    Code::Timeout,
                    format!(
                        "Another pollen has been unpacking into \"{}\" for {} s.",
                        root.display(),
                        UNPACK_TIMEOUT.as_secs()
                    ),
                    "End the process that hangs, or name another folder in POLLEN_CACHE_DIR.",
                ));
            }
        }
    }
}

/// Removes what a killed process left, and versions that nobody uses any more. Only who unpacks does
/// this, so nothing unfinished is anybody's; what cannot be removed stays.
fn clean(root: &Path, key: &str) {
    for entry in fs::read_dir(root).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let Some(name) = name.to_str() else { continue };
        let path = entry.path();
        if name.starts_with(unpack::UNFINISHED) {
            let _ = fs::remove_dir_all(path);
        } else if name.len() == key.len() && name != key && is_unused(&path) {
            remove(&path);
        }
    }
}

fn is_unused(folder: &Path) -> bool {
    let used = fs::metadata(folder).and_then(|about| about.modified());
    used.is_ok_and(|used| used.elapsed().is_ok_and(|since| since > UNUSED_AFTER))
}

/// Removes a folder unless a process runs from it.
fn remove(folder: &Path) {
    let Ok(lock) = File::open(folder) else { return };
    if lock.try_lock().is_err() {
        return;
    }
    let aside = unpack::sibling(folder, "old");
    if fs::rename(folder, &aside).is_ok() {
        let _ = fs::remove_dir_all(aside);
    }
}
