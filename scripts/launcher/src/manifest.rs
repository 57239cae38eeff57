//! What the portable file says of itself: the footer at its very end, and the manifest before it.
//!
//!     [launcher][zstd stream of all files, one after the other][manifest][footer]
//!
//! The footer holds the manifest's place and SHA-256; the manifest holds the size and SHA-256 of the
//! launcher and of every file in the stream. So each byte of the file is accounted for. Both are read
//! on every start, and everything in them is checked before use. `scripts/portable/format.ts` writes
//! them. The manifest is text: one `key value` per line, in the order of the fields below.

/// Bytes of the footer.
pub const FOOTER_BYTES: usize = 64;

/// The last bytes of a portable file. The number grows when the layout changes.
const MAGIC: &[u8; 16] = b"pollen-portable1";

/// A manifest has some five kilobytes; more than this is none of ours.
const MANIFEST_BYTES_MAX: u64 = 1 << 20;

/// Where the manifest is, and its hash.
#[derive(Debug, PartialEq, Eq)]
pub struct Footer {
    pub manifest_offset: u64,
    pub manifest_bytes: u64,
    pub manifest_sha256: [u8; 32],
}

impl Footer {
    /// Reads the footer of a file of `file_bytes`; what is wrong with it otherwise.
    pub fn parse(bytes: &[u8; FOOTER_BYTES], file_bytes: u64) -> Result<Footer, &'static str> {
        let (numbers, rest) = bytes.split_at(16);
        let (hash, magic) = rest.split_at(32);
        if magic != MAGIC {
            return Err("its end is missing");
        }
        let number = |at: usize| {
            let mut word = [0; 8];
            word.copy_from_slice(&numbers[at..at + 8]);
            u64::from_le_bytes(word)
        };
        let mut manifest_sha256 = [0; 32];
        manifest_sha256.copy_from_slice(hash);
        let footer = Footer {
            manifest_offset: number(0),
            manifest_bytes: number(8),
            manifest_sha256,
        };
        let end = footer
            .manifest_offset
            .checked_add(footer.manifest_bytes)
            .and_then(|end| end.checked_add(FOOTER_BYTES as u64));
        if footer.manifest_bytes > MANIFEST_BYTES_MAX || end != Some(file_bytes) {
            return Err("its parts do not fit its length");
        }
        Ok(footer)
    }
}

/// A range of bytes by its length and hash.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Sealed {
    pub bytes: u64,
    pub sha256: [u8; 32],
}

/// One file to unpack.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Entry {
    /// Relative, with `/`, without `.` and `..`.
    pub path: String,
    pub is_executable: bool,
    pub content: Sealed,
}

/// The C library that the program needs (Linux).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Glibc {
    /// The path of the dynamic loader that the program names.
    pub loader: String,
    /// The oldest version, from the symbols that the program needs.
    pub oldest: String,
}

/// What the file holds.
#[derive(Debug, PartialEq, Eq)]
pub struct Manifest {
    /// Rust's name of the platform.
    pub target: String,
    /// What `pollen version` prints, then with `--short`, then with `--json`.
    pub version_text: String,
    pub version_short: String,
    pub version_json: String,
    pub glibc: Option<Glibc>,
    pub launcher: Sealed,
    /// The program to run and its first module, both among the files.
    pub program: String,
    pub main: String,
    pub entries: Vec<Entry>,
}

impl Manifest {
    /// Reads a manifest; a damaged or foreign one gives what is wrong.
    pub fn parse(bytes: &[u8]) -> Result<Manifest, &'static str> {
        let text = std::str::from_utf8(bytes).map_err(|_| "its manifest is no text")?;
        let mut lines = text.lines().peekable();
        let mut next = |key: &str| {
            let line = lines.next_if(|line| line.split(' ').next() == Some(key))?;
            line.get(key.len() + 1..).map(str::to_owned)
        };
        let mut read = || -> Option<Manifest> {
            Some(Manifest {
                target: next("target")?,
                version_text: next("version-text")?,
                version_short: next("version-short")?,
                version_json: next("version-json")?,
                glibc: match next("glibc") {
                    None => None,
                    Some(value) => {
                        let (oldest, loader) = value.split_once(' ')?;
                        Some(Glibc {
                            loader: loader.to_owned(),
                            oldest: oldest.to_owned(),
                        })
                    }
                },
                launcher: sealed(&next("launcher")?)?,
                program: next("program")?,
                main: next("main")?,
                entries: std::iter::from_fn(|| next("file"))
                    .map(|value| entry(&value))
                    .collect::<Option<_>>()?,
            })
        };
        let manifest = read().ok_or("its manifest cannot be read")?;
        if lines.next().is_some() {
            return Err("its manifest has lines that nobody knows");
        }
        let has = |path: &str| manifest.entries.iter().any(|entry| entry.path == path);
        if !has(&manifest.program) || !has(&manifest.main) {
            return Err("its manifest names files that it does not hold");
        }
        Ok(manifest)
    }

    /// Bytes of all files, unpacked.
    pub fn unpacked_bytes(&self) -> u64 {
        self.entries
            .iter()
            .map(|entry| entry.content.bytes)
            .fold(0, u64::saturating_add)
    }
}

/// `<bytes> <sha256>`
fn sealed(value: &str) -> Option<Sealed> {
    let (bytes, hash) = value.split_once(' ')?;
    if hash.len() != 64 || !hash.is_ascii() {
        return None;
    }
    let mut sha256 = [0; 32];
    for (index, byte) in sha256.iter_mut().enumerate() {
        *byte = u8::from_str_radix(&hash[2 * index..2 * index + 2], 16).ok()?;
    }
    Some(Sealed {
        bytes: bytes.parse().ok()?,
        sha256,
    })
}

/// `<x or -> <bytes> <sha256> <path>`
fn entry(value: &str) -> Option<Entry> {
    let mut parts = value.splitn(4, ' ');
    let is_executable = match parts.next()? {
        "x" => true,
        "-" => false,
        _ => return None,
    };
    let content = sealed(&format!("{} {}", parts.next()?, parts.next()?))?;
    let path = parts.next()?.to_owned();
    let is_inside = path
        .split('/')
        .all(|part| !matches!(part, "" | "." | "..") && !part.contains(['\\', ':', '\0']));
    is_inside.then_some(Entry {
        path,
        is_executable,
        content,
    })
}

/// Lower-case hexadecimal.
pub fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
#[path = "manifest_tests.rs"]
mod tests;
