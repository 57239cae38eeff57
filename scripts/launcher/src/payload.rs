//! The portable file as it lies on disk: found, its footer and manifest verified.

use std::fs::File;
use std::io::{self, Read, Seek, SeekFrom};
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use crate::failure::{Code, FETCH_AGAIN, Failure};
use crate::manifest::{FOOTER_BYTES, Footer, Manifest, Sealed, hex};

/// A portable file whose manifest is what its footer says.
pub struct Payload {
    pub path: PathBuf,
    pub file: File,
    pub manifest: Manifest,
    /// Of the manifest, and so of everything: names the folder to unpack into.
    pub key: String,
    /// Bytes before the manifest.
    pub content_bytes: u64,
}

impl Payload {
    /// Opens what is appended to the program at `executable`, or lies beside it as `<name>.payload`:
    /// on macOS appended bytes would break the program's signature.
    pub fn open(executable: &Path) -> Result<Payload, Failure> {
        let path = match beside(executable) {
            Some(path) if path.exists() => path,
            _ => executable.to_owned(),
        };
        let unreadable = |error: io::Error| {
            let message = format!(
                "The program file \"{}\" cannot be read: {error}.",
                path.display()
            );
            let code = match error.kind() {
                io::ErrorKind::PermissionDenied => Code::PermissionDenied,
                _ => Code::Io,
            };
            Failure::new(
                code,
                message,
                "Pollen reads its own file: let this user read it.",
            )
        };
        let mut file = File::open(&path).map_err(unreadable)?;
        let file_bytes = file.metadata().map_err(unreadable)?.len();
        let start = file_bytes
            .checked_sub(FOOTER_BYTES as u64)
            .ok_or_else(|| Failure::altered(&path, "it is cut short"))?;
        let mut bytes = [0; FOOTER_BYTES];
        file.seek(SeekFrom::Start(start)).map_err(unreadable)?;
        file.read_exact(&mut bytes).map_err(unreadable)?;
        let footer =
            Footer::parse(&bytes, file_bytes).map_err(|what| Failure::altered(&path, what))?;

        let mut text = vec![0; footer.manifest_bytes as usize];
        file.seek(SeekFrom::Start(footer.manifest_offset))
            .map_err(unreadable)?;
        file.read_exact(&mut text).map_err(unreadable)?;
        if Sha256::digest(&text)[..] != footer.manifest_sha256 {
            return Err(Failure::altered(&path, "its manifest was altered"));
        }
        let manifest = Manifest::parse(&text).map_err(|what| Failure::altered(&path, what))?;
        let key = hex(&footer.manifest_sha256);
        Ok(Payload {
            path,
            file,
            manifest,
            key,
            content_bytes: footer.manifest_offset,
        })
    }

    /// The compressed files, from the first byte, once the launcher before them was verified.
    pub fn stream(&self) -> Result<impl Read, Failure> {
        let path = &self.path;
        let Sealed { bytes, sha256 } = &self.manifest.launcher;
        let stream_bytes = self
            .content_bytes
            .checked_sub(*bytes)
            .ok_or_else(|| Failure::altered(path, "its parts do not fit its length"))?;
        let mut hash = Hashing(Sha256::new());
        let mut file = &self.file;
        file.seek(SeekFrom::Start(0))
            .and_then(|_| io::copy(&mut file.take(*bytes), &mut hash))
            .map_err(|error| Failure::altered(path, error))?;
        if hash.0.finalize()[..] != *sha256 {
            return Err(Failure::altered(path, "its first part was altered"));
        }
        Ok(file.take(stream_bytes))
    }
}

fn beside(executable: &Path) -> Option<PathBuf> {
    let mut name = executable.file_name()?.to_owned();
    name.push(".payload");
    Some(executable.with_file_name(name))
}

struct Hashing(Sha256);

impl io::Write for Hashing {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.0.update(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

/// The path of the running program.
pub fn own_path() -> Result<PathBuf, Failure> {
    std::env::current_exe()
        .or_else(|error| crate::system::called_as().ok_or(error))
        .map_err(|error| {
            Failure::new(
                Code::Io,
                format!("The program does not find its own file: {error}."),
                format!("Call it by its whole path, or mount /proc. {FETCH_AGAIN}"),
            )
        })
}
