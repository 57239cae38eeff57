//! Manifests and footers, whole and damaged.

use super::*;

const HASH: &str = "00112233445566778899aabbccddeeff00112233445566778899aabbccddeeff";

fn whole() -> String {
    format!(
        "target x86_64-unknown-linux-gnu\nversion-text pollen 1 (Deno 2)\nversion-short 1\n\
         version-json {{\"a b\":1}}\nglibc 2.28 /lib64/ld.so\nlauncher 7 {HASH}\nprogram pollen\n\
         main app/main.js\nfile x 9 {HASH} pollen\nfile - 4 {HASH} app/main.js\n\
         file - 0 {HASH} app/ä b.js\n"
    )
}

fn footer(offset: u64, length: u64) -> [u8; FOOTER_BYTES] {
    let mut bytes = [0; FOOTER_BYTES];
    bytes[..8].copy_from_slice(&offset.to_le_bytes());
    bytes[8..16].copy_from_slice(&length.to_le_bytes());
    bytes[16..48].fill(9);
    bytes[48..].copy_from_slice(MAGIC);
    bytes
}

#[test]
fn a_manifest_is_read() {
    let manifest = Manifest::parse(whole().as_bytes()).unwrap();
    assert_eq!(manifest.version_json, "{\"a b\":1}");
    assert_eq!(manifest.glibc.as_ref().unwrap().loader, "/lib64/ld.so");
    assert_eq!(manifest.unpacked_bytes(), 13);
    assert_eq!(manifest.entries[2].path, "app/ä b.js");
    assert_eq!(hex(&manifest.launcher.sha256), HASH);
    assert!(manifest.entries[0].is_executable && !manifest.entries[1].is_executable);
}

#[test]
fn other_systems_name_no_c_library() {
    let text = whole().replace("glibc 2.28 /lib64/ld.so\n", "");
    assert_eq!(Manifest::parse(text.as_bytes()).unwrap().glibc, None);
}

#[test]
fn a_manifest_without_a_line_or_with_one_more_is_refused() {
    let text = whole();
    let lines: Vec<&str> = text.lines().collect();
    for left_out in 0..lines.len() {
        let is_optional = lines[left_out].starts_with("glibc") || left_out == lines.len() - 1;
        let rest: Vec<&str> = lines
            .iter()
            .enumerate()
            .filter(|(at, _)| *at != left_out)
            .map(|(_, line)| *line)
            .collect();
        assert_eq!(
            Manifest::parse(rest.join("\n").as_bytes()).is_ok(),
            is_optional,
            "{left_out}"
        );
    }
    assert!(Manifest::parse(format!("{text}more 1\n").as_bytes()).is_err());
    assert!(Manifest::parse(&[0xff, 0xfe]).is_err());
}

#[test]
fn no_path_leads_out_of_the_folder() {
    for path in [
        "../x", "/x", "a/../x", "a//x", "a/./x", "a\\x", "C:x", "", "a/",
    ] {
        let text = format!("{}file - 4 {HASH} {path}\n", whole());
        assert!(Manifest::parse(text.as_bytes()).is_err(), "{path}");
    }
}

#[test]
fn odd_numbers_and_hashes_are_refused() {
    for value in ["-1", "18446744073709551616", "x", ""] {
        let text = whole().replace("file x 9 ", &format!("file x {value} "));
        assert!(Manifest::parse(text.as_bytes()).is_err(), "{value}");
    }
    let short = whole().replacen(HASH, &HASH[1..], 1);
    assert!(Manifest::parse(short.as_bytes()).is_err());
    let foreign = whole().replacen(HASH, &format!("é{}", &HASH[2..]), 1);
    assert!(Manifest::parse(foreign.as_bytes()).is_err());
}

#[test]
fn a_footer_accounts_for_the_whole_file() {
    let parsed = Footer::parse(&footer(100, 20), 184).unwrap();
    assert_eq!((parsed.manifest_offset, parsed.manifest_bytes), (100, 20));
    assert_eq!(parsed.manifest_sha256, [9; 32]);
    assert!(Footer::parse(&footer(100, 20), 183).is_err());
    assert!(Footer::parse(&footer(100, 20), 185).is_err());
    assert!(Footer::parse(&footer(u64::MAX, u64::MAX), 62).is_err());
    assert!(Footer::parse(&footer(0, MANIFEST_BYTES_MAX + 1), MANIFEST_BYTES_MAX + 65).is_err());
    let mut altered = footer(100, 20);
    altered[60] ^= 1;
    assert!(Footer::parse(&altered, 184).is_err());
}
