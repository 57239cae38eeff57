//! From a portable file to a folder of files, whole or not at all: everything is written into a
//! sibling folder, verified, put on disk, and then given its name in one step.

use std::collections::BTreeSet;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};
use zstd_safe::{DCtx, InBuffer, OutBuffer};

use crate::failure::Failure;
use crate::manifest::{Entry, Manifest};
use crate::payload::Payload;
use crate::system;

/// What the names of folders begin with that are not, or no longer, in use.
pub const UNFINISHED: &str = ".unfinished-";

/// Bytes that are read and written at once.
const CHUNK_BYTES: usize = 1 << 18;

/// Whether every file is there with its size. Their content was verified when they were written; who
/// could change it since could change the program file too.
pub fn is_whole(folder: &Path, manifest: &Manifest) -> bool {
    manifest.entries.iter().all(|entry| {
        fs::symlink_metadata(folder.join(&entry.path)).is_ok_and(|about| {
            about.is_file()
                && about.len() == entry.content.bytes
                && system::distrust(&about).is_none()
        })
    })
}

/// Unpacks into `folder`, whose parent is there. What lies there already is put aside.
pub fn unpack(payload: &Payload, folder: &Path) -> Result<(), Failure> {
    let unfinished =
        Unfinished::create(folder).map_err(|error| failed(&payload.manifest, folder, &error))?;
    write_all(payload, &unfinished.0)?;
    replace(&unfinished, folder).map_err(|error| failed(&payload.manifest, folder, &error))
}

fn failed(manifest: &Manifest, folder: &Path, error: &io::Error) -> Failure {
    let parent = folder.parent().unwrap_or(folder);
    Failure::folder(parent, manifest.unpacked_bytes(), error)
}

/// A folder that is removed again unless it was given its name.
struct Unfinished(PathBuf);

impl Unfinished {
    fn create(folder: &Path) -> io::Result<Unfinished> {
        let path = sibling(folder, "new");
        fs::create_dir(&path)?;
        Ok(Unfinished(path))
    }
}

impl Drop for Unfinished {
    fn drop(&mut self) {
        // If it cannot be removed now, the next one that unpacks does it.
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A name in the same parent that nobody else has at this time.
pub fn sibling(folder: &Path, what: &str) -> PathBuf {
    let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH);
    let nanos = now.map_or(0, |since| since.as_nanos());
    folder.with_file_name(format!("{UNFINISHED}{what}-{}-{nanos}", std::process::id()))
}

fn replace(unfinished: &Unfinished, folder: &Path) -> io::Result<()> {
    if fs::symlink_metadata(folder).is_ok() {
        let aside = sibling(folder, "old");
        fs::rename(folder, &aside)?;
        // Processes that still run from it keep their open files.
        let _ = fs::remove_dir_all(aside);
    }
    fs::rename(&unfinished.0, folder)?;
    system::sync_folder(folder.parent().unwrap_or(folder))
}

fn write_all(payload: &Payload, into: &Path) -> Result<(), Failure> {
    let failure = |problem: Problem| match problem {
        Problem::Altered(what) => Failure::altered(&payload.path, what),
        Problem::Disk(error) => failed(&payload.manifest, into, &error),
    };
    let mut files = Decoder::new(payload.stream()?);
    let mut folders = BTreeSet::from([into.to_owned()]);
    let mut written = Vec::new();
    for entry in &payload.manifest.entries {
        let path = into.join(&entry.path);
        for folder in path
            .ancestors()
            .skip(1)
            .take_while(|folder| *folder != into)
        {
            folders.insert(folder.to_owned());
        }
        path.parent()
            .map_or(Ok(()), fs::create_dir_all)
            .map_err(Problem::Disk)
            .map_err(failure)?;
        written.push(write(&mut files, entry, &path).map_err(failure)?);
    }
    files.finish().map_err(failure)?;
    // At the end, when the system has had time to write most of it by itself.
    written
        .iter()
        .try_for_each(File::sync_all)
        .and_then(|()| {
            folders
                .iter()
                .try_for_each(|folder| system::sync_folder(folder))
        })
        .map_err(|error| failure(Problem::Disk(error)))
}

/// Why a file could not be unpacked.
enum Problem {
    Altered(&'static str),
    Disk(io::Error),
}

fn write(files: &mut Decoder<impl Read>, entry: &Entry, path: &Path) -> Result<File, Problem> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    system::set_mode(&mut options, entry.is_executable);
    let mut file = options.open(path).map_err(Problem::Disk)?;
    let mut hash = Sha256::new();
    let mut chunk = vec![0; CHUNK_BYTES];
    let mut left = entry.content.bytes;
    while left > 0 {
        let wanted = chunk.len().min(usize::try_from(left).unwrap_or(usize::MAX));
        let count = files.read(&mut chunk[..wanted])?;
        if count == 0 {
            return Err(Problem::Altered("its content ends early"));
        }
        hash.update(&chunk[..count]);
        file.write_all(&chunk[..count]).map_err(Problem::Disk)?;
        left -= count as u64;
    }
    if hash.finalize()[..] != entry.content.sha256 {
        return Err(Problem::Altered("its content was altered"));
    }
    Ok(file)
}

/// Reads what the zstd frames of a source hold, one after the other.
struct Decoder<R> {
    source: R,
    context: DCtx<'static>,
    input: Vec<u8>,
    /// The part of `input` that was not decoded yet.
    unread: std::ops::Range<usize>,
    is_source_read: bool,
    is_between_frames: bool,
}

impl<R: Read> Decoder<R> {
    fn new(source: R) -> Self {
        Decoder {
            source,
            context: DCtx::create(),
            input: vec![0; CHUNK_BYTES],
            unread: 0..0,
            is_source_read: false,
            is_between_frames: true,
        }
    }

    /// Some of the content; nothing at its end.
    fn read(&mut self, output: &mut [u8]) -> Result<usize, Problem> {
        loop {
            if self.unread.is_empty() && !self.is_source_read {
                let count = self
                    .source
                    .read(&mut self.input)
                    .map_err(|_| Problem::Altered("its content cannot be read"))?;
                self.unread = 0..count;
                self.is_source_read = count == 0;
            }
            let is_at_end = self.unread.is_empty() && self.is_source_read;
            if is_at_end && self.is_between_frames {
                return Ok(0);
            }
            // Without input it gives what it still holds.
            let mut source = InBuffer::around(&self.input[self.unread.clone()]);
            let mut target = OutBuffer::around(&mut *output);
            let hint = self
                .context
                .decompress_stream(&mut target, &mut source)
                .map_err(|_| Problem::Altered("its content was altered"))?;
            self.unread.start += source.pos();
            self.is_between_frames = hint == 0;
            if target.pos() > 0 {
                return Ok(target.pos());
            }
            if is_at_end && !self.is_between_frames {
                return Err(Problem::Altered("its content ends early"));
            }
        }
    }

    /// Demands that there is nothing more.
    fn finish(mut self) -> Result<(), Problem> {
        match self.read(&mut [0])? {
            0 => Ok(()),
            _ => Err(Problem::Altered("it holds more than its manifest says")),
        }
    }
}

#[cfg(test)]
#[path = "unpack_tests.rs"]
mod tests;
