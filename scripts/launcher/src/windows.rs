//! Windows: there is no becoming another program, so it runs as a child that ends with this process.

use std::ffi::{OsStr, OsString};
use std::fs::{File, Metadata, OpenOptions};
use std::io;
use std::os::windows::io::AsRawHandle;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};

use windows_sys::Win32::System::Console::SetConsoleCtrlHandler;
use windows_sys::Win32::System::JobObjects::{
    AssignProcessToJobObject, CreateJobObjectW, JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE,
    JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK, JOBOBJECT_EXTENDED_LIMIT_INFORMATION,
    JobObjectExtendedLimitInformation, SetInformationJobObject,
};

use crate::failure::Failure;
use crate::store::Unpacked;

/// The variable that names the user's folder for what is of this machine only.
pub const CACHE_VARIABLE: &str = "LOCALAPPDATA";

pub fn first_path(list: &OsStr) -> PathBuf {
    PathBuf::from(list)
}

pub fn is_own_folder(path: &Path) -> bool {
    path.is_dir()
}

pub fn last_resort() -> PathBuf {
    std::env::temp_dir().join("pollen")
}

pub fn create_private(path: &Path) -> io::Result<()> {
    std::fs::create_dir_all(path)
}

pub fn foreign_owner(_: &Metadata) -> Option<String> {
    None
}

/// Folders cannot be opened here, so that none is ever asked for.
pub fn is_at(_: &File, _: &Path) -> bool {
    true
}

/// A user's own folders are for that user by the rights they inherit.
pub fn distrust(_: &Metadata) -> Option<String> {
    None
}

pub fn demand_executable(_: &Path) -> Result<(), Failure> {
    Ok(())
}

/// Folders cannot be put on disk by themselves here.
pub fn sync_folder(_: &Path) -> io::Result<()> {
    Ok(())
}

pub fn set_mode(_: &mut OpenOptions, _: bool) {}

pub fn called_as() -> Option<PathBuf> {
    None
}

/// Runs the program to its end and ends with its exit code. Returns only when it does not start.
pub fn run(
    unpacked: &Unpacked,
    program: &Path,
    args: &[OsString],
    variables: &[(&str, OsString)],
) -> Failure {
    // Held to the end of this process, which is that of the program.
    let _lock = &unpacked.lock;
    // The console sends Ctrl-C to both processes; the program decides what becomes of it.
    // SAFETY: without a handler the function only changes what this process ignores.
    unsafe { SetConsoleCtrlHandler(None, 1) };
    let ended = Command::new(program)
        .args(args)
        .envs(variables.iter().cloned())
        .spawn()
        .and_then(|mut child| {
            end_with_this_process(&child);
            child.wait()
        });
    match ended {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => Failure::distrusted(
            &unpacked.folder,
            format!("\"{}\" does not start: {error}", program.display()),
        ),
    }
}

/// Whoever ends this process means the program. What the program starts may outlive it.
fn end_with_this_process(child: &Child) {
    // SAFETY: the structure is plain data for which zero is a value; it outlives the call that reads
    // it. The job's handle stays open on purpose: the system closes it with this process.
    unsafe {
        let job = CreateJobObjectW(std::ptr::null(), std::ptr::null());
        if job.is_null() {
            return;
        }
        let mut limits: JOBOBJECT_EXTENDED_LIMIT_INFORMATION = std::mem::zeroed();
        limits.BasicLimitInformation.LimitFlags =
            JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE | JOB_OBJECT_LIMIT_SILENT_BREAKAWAY_OK;
        SetInformationJobObject(
            job,
            JobObjectExtendedLimitInformation,
            (&raw const limits).cast(),
            size_of_val(&limits) as u32,
        );
        AssignProcessToJobObject(job, child.as_raw_handle());
    }
}
