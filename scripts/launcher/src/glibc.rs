//! Whether this Linux has the C library that the program needs. The launcher itself needs none, so it
//! can say by name what is missing, before it unpacks anything.

use std::fs;
use std::path::Path;

use crate::failure::{Code, Failure};
use crate::manifest::Glibc;

/// Where distributions keep the C library.
const FOLDERS: [&str; 6] = [
    "lib64",
    "usr/lib64",
    "lib/x86_64-linux-gnu",
    "lib/aarch64-linux-gnu",
    "usr/lib",
    "lib",
];

/// Refuses a system whose C library is another one or too old. One whose version cannot be found out
/// is let pass: its loader says by itself what is missing.
pub fn demand(needed: &Glibc, target: &str) -> Result<(), Failure> {
    demand_at(Path::new("/"), needed, target)
}

fn demand_at(root: &Path, needed: &Glibc, target: &str) -> Result<(), Failure> {
    let Glibc { loader, oldest } = needed;
    if !root.join(loader.trim_start_matches('/')).exists() {
        let found = match has_musl(root) {
            true => "this system has musl (as Alpine Linux does)".to_owned(),
            false => format!("this system has no \"{loader}\""),
        };
        return Err(Failure::new(
            Code::Unsupported,
            format!("Pollen for {target} needs the C library glibc {oldest} or newer; {found}."),
            "Use a distribution with glibc, or run Pollen's container image.",
        ));
    }
    match version(root) {
        Some(found) if is_older(&found, oldest) => Err(Failure::new(
            Code::Unsupported,
            format!(
                "Pollen for {target} needs the C library glibc {oldest} or newer; \
                 this system has {found}."
            ),
            "Use a newer release of the distribution, or run Pollen's container image.",
        )),
        _ => Ok(()),
    }
}

fn has_musl(root: &Path) -> bool {
    fs::read_dir(root.join("lib")).is_ok_and(|entries| {
        entries
            .flatten()
            .any(|entry| entry.file_name().to_string_lossy().starts_with("ld-musl-"))
    })
}

fn version(root: &Path) -> Option<String> {
    FOLDERS
        .iter()
        .filter_map(|folder| fs::read(root.join(folder).join("libc.so.6")).ok())
        .find_map(|library| version_in(&library))
}

/// The version in the sentence that the library prints when it is run as a program.
fn version_in(library: &[u8]) -> Option<String> {
    const SENTENCE: &[u8] = b"GNU C Library ";
    const LABEL: &str = "release version ";
    let start = library
        .windows(SENTENCE.len())
        .position(|window| window == SENTENCE)?;
    let sentence = String::from_utf8_lossy(&library[start..library.len().min(start + 200)]);
    let (_, rest) = sentence.split_once(LABEL)?;
    let version: String = rest
        .chars()
        .take_while(|letter| letter.is_ascii_digit() || *letter == '.')
        .collect();
    Some(version.trim_end_matches('.').to_owned()).filter(|version| version.contains('.'))
}

fn is_older(version: &str, than: &str) -> bool {
    let numbers = |text: &str| -> Vec<u32> {
        text.split('.')
            .map(|part| part.parse().unwrap_or(0))
            .collect()
    };
    numbers(version) < numbers(than)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn say(files: &[(&str, &str)]) -> Result<(), String> {
        let name = format!("pollen-libc-{}-{:p}", std::process::id(), files);
        let root = std::env::temp_dir().join(name);
        for (path, content) in files {
            let path = root.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, content).unwrap();
        }
        let needed = Glibc {
            loader: "/lib64/ld-linux.so.2".into(),
            oldest: "2.28".into(),
        };
        let result = demand_at(&root, &needed, "x").map_err(|failure| failure.message);
        fs::remove_dir_all(root).unwrap();
        result
    }

    const SENTENCE: &str = "\0GNU C Library (Debian GLIBC 2.31-13) stable release version ";

    #[test]
    fn musl_and_no_library_are_told_by_name() {
        assert!(
            say(&[("lib/ld-musl-x86_64.so.1", "")])
                .unwrap_err()
                .contains("has musl")
        );
        assert!(
            say(&[("etc/x", "")])
                .unwrap_err()
                .contains("no \"/lib64/ld-linux.so.2\"")
        );
    }

    #[test]
    fn an_old_library_is_refused_and_an_unknown_one_is_not() {
        let with = |content: &str| {
            say(&[
                ("lib64/ld-linux.so.2", ""),
                ("lib/x86_64-linux-gnu/libc.so.6", content),
            ])
        };
        assert!(
            with(&format!("{SENTENCE}2.27.\n"))
                .unwrap_err()
                .contains("this system has 2.27")
        );
        assert!(with(&format!("{SENTENCE}2.9.\n")).is_err());
        assert!(with(&format!("{SENTENCE}2.28.\n")).is_ok());
        assert!(with(&format!("{SENTENCE}3.0.\n")).is_ok());
        assert!(with("something else").is_ok());
        assert!(with(SENTENCE).is_ok());
        assert!(say(&[("lib64/ld-linux.so.2", "")]).is_ok());
    }

    #[test]
    fn the_version_of_this_machine_is_found_where_it_has_glibc() {
        if Path::new("/lib64/ld-linux-x86-64.so.2").exists() {
            let found = version(Path::new("/")).unwrap();
            assert!(
                !is_older(&found, "2.17") && is_older(&found, "99.0"),
                "{found}"
            );
        }
    }
}
