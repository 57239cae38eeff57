//! What a person reads when the program cannot start: what went wrong, why, and what to do next. The
//! codes, the exit codes and the JSON are those of `lib/types/errors.ts`, so that a failure reads the
//! same whichever half of the program meets it.

use std::fmt::Write;
use std::io;
use std::path::Path;

/// What kind of failure it is: the part of Pollen's closed list that a start can meet.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    Io,
    Malformed,
    PermissionDenied,
    Timeout,
    Unsupported,
}

impl Code {
    fn name(self) -> &'static str {
        match self {
            Code::Io => "io",
            Code::Malformed => "malformed",
            Code::PermissionDenied => "permission_denied",
            Code::Timeout => "timeout",
            Code::Unsupported => "unsupported",
        }
    }

    pub fn exit_code(self) -> i32 {
        match self {
            Code::PermissionDenied => 4,
            Code::Timeout => 8,
            Code::Io | Code::Malformed | Code::Unsupported => 1,
        }
    }
}

#[derive(Debug)]
pub struct Failure {
    pub code: Code,
    pub message: String,
    pub fix: String,
}

/// What to do when the cache folder will not do.
pub const CHOOSE_CACHE: &str = "Name another folder in the environment variable POLLEN_CACHE_DIR.";

/// What to do when the file is not what was built.
pub const FETCH_AGAIN: &str = "Get the file again, and compare its SHA-256 with the published one.";

impl Failure {
    pub fn new(code: Code, message: impl Into<String>, fix: impl Into<String>) -> Self {
        Failure {
            code,
            message: message.into(),
            fix: fix.into(),
        }
    }

    /// The portable file at `file` is not whole.
    pub fn altered(file: &Path, what: impl std::fmt::Display) -> Self {
        let message = format!(
            "The program file \"{}\" is damaged: {what}.",
            file.display()
        );
        Failure::new(Code::Malformed, message, FETCH_AGAIN)
    }

    /// Nothing can be unpacked into `folder`, because of `error`.
    pub fn folder(folder: &Path, needed: u64, error: &io::Error) -> Self {
        let name = folder.display();
        let needed = format!("{} MB", needed.div_ceil(1_000_000));
        let (code, why) = match error.kind() {
            io::ErrorKind::ReadOnlyFilesystem => (
                Code::PermissionDenied,
                "it is on a read-only file system".into(),
            ),
            io::ErrorKind::PermissionDenied => (
                Code::PermissionDenied,
                "this user may not write there".into(),
            ),
            io::ErrorKind::StorageFull => (
                Code::Io,
                format!("the file system is full; {needed} are needed"),
            ),
            io::ErrorKind::QuotaExceeded => (
                Code::Io,
                format!("this user's quota is used up; {needed} are needed"),
            ),
            _ => (Code::Io, error.to_string()),
        };
        Failure::new(
            code,
            format!("Pollen cannot be unpacked into \"{name}\": {why}."),
            CHOOSE_CACHE,
        )
    }

    /// The folder may not be used although it could be.
    pub fn distrusted(folder: &Path, why: impl std::fmt::Display) -> Self {
        Failure::new(
            Code::PermissionDenied,
            format!(
                "Pollen is not unpacked into \"{}\": {why}.",
                folder.display()
            ),
            CHOOSE_CACHE,
        )
    }

    /// As the rest of Pollen words it on standard error.
    pub fn render(&self, is_json: bool) -> String {
        if !is_json {
            return format!("{} {}", self.message, self.fix);
        }
        format!(
            "{{\"error\":{{\"code\":\"{}\",\"message\":{},\"fix\":{}}}}}",
            self.code.name(),
            quote(&self.message),
            quote(&self.fix),
        )
    }
}

/// A string of JSON.
fn quote(text: &str) -> String {
    let mut quoted = String::from("\"");
    for character in text.chars() {
        match character {
            '"' | '\\' => {
                quoted.push('\\');
                quoted.push(character);
            }
            control if (control as u32) < 0x20 => {
                // Writing to a string cannot fail.
                let _ = write!(quoted, "\\u{:04x}", control as u32);
            }
            other => quoted.push(other),
        }
    }
    quoted.push('"');
    quoted
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_failure_reads_as_text_and_as_json() {
        let failure = Failure::new(Code::Timeout, "A \"b\\c\"\nd.", "Do it.");
        assert_eq!(failure.render(false), "A \"b\\c\"\nd. Do it.");
        assert_eq!(
            failure.render(true),
            r#"{"error":{"code":"timeout","message":"A \"b\\c\"\u000ad.","fix":"Do it."}}"#
        );
    }

    #[test]
    fn what_is_wrong_with_a_folder_is_said_by_name() {
        let say = |kind: io::ErrorKind| {
            Failure::folder(Path::new("/x/y"), 97_000_001, &kind.into()).render(false)
        };
        assert!(
            say(io::ErrorKind::StorageFull).contains("\"/x/y\": the file system is full; 98 MB")
        );
        assert!(say(io::ErrorKind::ReadOnlyFilesystem).contains("read-only"));
        assert!(say(io::ErrorKind::PermissionDenied).contains("POLLEN_CACHE_DIR"));
    }
}
