//! Linux and macOS: owners, modes, and becoming the program.

use std::ffi::{OsStr, OsString};
use std::fs::{DirBuilder, File, Metadata, OpenOptions};
use std::io;
use std::os::fd::AsRawFd;
use std::os::unix::ffi::OsStrExt;
use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::Command;

use crate::failure::Failure;
use crate::store::Unpacked;

/// The variable that names the folder for all programs' caches.
pub const CACHE_VARIABLE: &str = "XDG_CACHE_HOME";

/// The first path of a list that is separated by colons.
pub fn first_path(list: &OsStr) -> PathBuf {
    PathBuf::from(OsStr::from_bytes(
        list.as_bytes()
            .split(|byte| *byte == b':')
            .next()
            .unwrap_or(b""),
    ))
}

fn user() -> u32 {
    // SAFETY: geteuid has no arguments and cannot fail.
    unsafe { libc::geteuid() }
}

/// Whether it is a folder of this user.
pub fn is_own_folder(path: &Path) -> bool {
    std::fs::metadata(path).is_ok_and(|about| about.is_dir() && about.uid() == user())
}

/// Where everybody may write; the folder's owner is checked before it is used.
pub fn last_resort() -> PathBuf {
    PathBuf::from(format!("/var/tmp/pollen-{}", user()))
}

/// Makes a folder and its parents, for this user alone.
pub fn create_private(path: &Path) -> io::Result<()> {
    DirBuilder::new().recursive(true).mode(0o700).create(path)
}

/// Why something might be of somebody else's making; root may do as it likes anyway.
pub fn foreign_owner(about: &Metadata) -> Option<String> {
    let owner = about.uid();
    let is_foreign = owner != user() && owner != 0;
    is_foreign.then(|| format!("it belongs to user {owner}, and this is user {}", user()))
}

/// Why what lies there might be of somebody else's making, or could become so.
pub fn distrust(about: &Metadata) -> Option<String> {
    if let Some(why) = foreign_owner(about) {
        return Some(why);
    }
    let mode = about.mode() & 0o7777;
    (mode & 0o022 != 0).then(|| format!("other users may write there (its mode is {mode:04o})"))
}

/// Refuses a folder whose file system does not run programs.
pub fn demand_executable(folder: &Path) -> Result<(), Failure> {
    #[cfg(target_os = "linux")]
    if is_noexec(folder) {
        return Err(noexec(folder));
    }
    let _ = folder;
    Ok(())
}

#[cfg(target_os = "linux")]
fn is_noexec(folder: &Path) -> bool {
    let Ok(path) = std::ffi::CString::new(folder.as_os_str().as_bytes()) else {
        return false;
    };
    let mut about = std::mem::MaybeUninit::<libc::statvfs>::zeroed();
    // SAFETY: `path` ends with a zero byte and `about` has room for the answer, of which all bytes
    // are initialised.
    let (status, about) = unsafe {
        (
            libc::statvfs(path.as_ptr(), about.as_mut_ptr()),
            about.assume_init(),
        )
    };
    status == 0 && about.f_flag & libc::ST_NOEXEC != 0
}

fn noexec(folder: &Path) -> Failure {
    Failure::distrusted(
        folder,
        "its file system is mounted noexec, so that no program runs from it",
    )
}

/// Whether the open folder is the one at this path.
pub fn is_at(folder: &File, path: &Path) -> bool {
    match (folder.metadata(), std::fs::metadata(path)) {
        (Ok(open), Ok(there)) => (open.dev(), open.ino()) == (there.dev(), there.ino()),
        // It is gone: whoever looks for its files finds that out.
        _ => true,
    }
}

/// Puts a folder's names on disk. A file system that cannot do this is taken as it is.
pub fn sync_folder(folder: &Path) -> io::Result<()> {
    match File::open(folder).and_then(|file| file.sync_all()) {
        Err(error) if error.kind() == io::ErrorKind::InvalidInput => Ok(()),
        other => other,
    }
}

/// The mode of a file to unpack, less the user's mask.
pub fn set_mode(options: &mut OpenOptions, is_executable: bool) {
    options.mode(if is_executable { 0o755 } else { 0o644 });
}

/// Turns this process into the program. Returns only when that fails.
pub fn run(
    unpacked: &Unpacked,
    program: &Path,
    args: &[OsString],
    variables: &[(&str, OsString)],
) -> Failure {
    #[cfg(target_os = "linux")]
    if !Path::new("/proc/self/exe").exists() {
        return Failure::new(
            crate::failure::Code::Unsupported,
            "Pollen needs the file system /proc, which is not mounted here.",
            "Mount it: mount -t proc proc /proc",
        );
    }
    if let Some(lock) = &unpacked.lock {
        // SAFETY: the descriptor is open as long as `lock` is.
        unsafe { libc::fcntl(lock.as_raw_fd(), libc::F_SETFD, 0) };
    }
    let error = Command::new(program)
        .args(args)
        .envs(variables.iter().cloned())
        .exec();
    let folder = unpacked.folder.parent().unwrap_or(&unpacked.folder);
    if error.kind() == io::ErrorKind::PermissionDenied {
        return noexec(folder);
    }
    Failure::distrusted(
        &unpacked.folder,
        format!("\"{}\" does not start: {error}", program.display()),
    )
}

/// The path that this program was called by, where the system does not tell its real one.
#[cfg(target_os = "linux")]
pub fn called_as() -> Option<PathBuf> {
    // SAFETY: the kernel gives the address of a string that ends with a zero byte and stays, or zero.
    let path = unsafe {
        let address = libc::getauxval(libc::AT_EXECFN) as *const libc::c_char;
        if address.is_null() {
            return None;
        }
        std::ffi::CStr::from_ptr(address)
    };
    std::fs::canonicalize(OsStr::from_bytes(path.to_bytes())).ok()
}

#[cfg(not(target_os = "linux"))]
pub fn called_as() -> Option<PathBuf> {
    None
}
