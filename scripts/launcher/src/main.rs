//! The start of Pollen's portable file. Behind this program lie Deno, Pollen's own code and its native
//! library, compressed. Asked for its version it answers by itself; anything else it leaves to the
//! program behind it, which it unpacks once and then becomes. Needs no shell, no tools and, on Linux, no
//! C library.

mod cache;
mod failure;
mod glibc;
mod manifest;
mod payload;
mod store;
mod unpack;

#[cfg(unix)]
#[path = "unix.rs"]
mod system;
#[cfg(windows)]
#[path = "windows.rs"]
mod system;

use std::convert::Infallible;
use std::ffi::OsString;
use std::io::Write;

use crate::failure::Failure;
use crate::payload::Payload;

/// The hash of what this program was built from, where the check of the checked-in files finds it.
#[used]
static SOURCES: &str = match option_env!("POLLEN_LAUNCHER_SOURCES") {
    Some(sources) => sources,
    None => "unknown",
};

/// How Deno is to run the program: by what is in the folder alone.
const DENO_ARGS: [&str; 9] = [
    "run",
    "--quiet",
    "--no-config",
    "--no-lock",
    "--no-remote",
    "--no-npm",
    "--cached-only",
    "--no-check",
    "--allow-all",
];

fn main() {
    let words: Vec<OsString> = std::env::args_os().skip(1).collect();
    let Err(failure) = start(&words);
    let is_json = words
        .iter()
        .take_while(|word| *word != "--")
        .any(|word| word == "--json");
    eprintln!("{}", failure.render(is_json));
    std::process::exit(failure.code.exit_code());
}

fn start(words: &[OsString]) -> Result<Infallible, Failure> {
    let executable = payload::own_path()?;
    let payload = Payload::open(&executable)?;
    let manifest = &payload.manifest;
    if let Some(text) = version(words, manifest) {
        let printed = writeln!(std::io::stdout(), "{text}");
        std::process::exit(i32::from(printed.is_err()));
    }
    let root = cache::choose(|name| std::env::var_os(name))?;
    let unpacked = store::acquire(&root, &payload)?;
    let folder = &unpacked.folder;
    let mut args: Vec<OsString> = DENO_ARGS.iter().map(OsString::from).collect();
    args.push(folder.join(&manifest.main).into());
    args.extend_from_slice(words);
    // Pollen takes these out of its environment again: `lib/cli/program.ts`.
    let variables = [
        ("POLLEN_EXECUTABLE", executable.into()),
        ("DENO_DIR", folder.join("deno").into()),
        ("DENO_NO_UPDATE_CHECK", "1".into()),
    ];
    Err(system::run(
        &unpacked,
        &folder.join(&manifest.program),
        &args,
        &variables,
    ))
}

/// The answer to `pollen version`; nothing if something else is wanted.
fn version<'a>(words: &[OsString], manifest: &'a manifest::Manifest) -> Option<&'a str> {
    let (mut commands, mut is_short, mut is_json) = (0, false, false);
    for word in words {
        match word.to_str()? {
            "version" | "--version" => commands += 1,
            "--short" => is_short = true,
            "--json" => is_json = true,
            _ => return None,
        }
    }
    match (commands, is_json, is_short) {
        (1, true, _) => Some(&manifest.version_json),
        (1, false, true) => Some(&manifest.version_short),
        (1, false, false) => Some(&manifest.version_text),
        _ => None,
    }
}
