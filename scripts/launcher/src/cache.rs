//! The folder that programs are unpacked into: which one it is, and whether it may be trusted. What
//! lies in it is run, so nobody else may be able to put something there.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use crate::failure::Failure;
use crate::system;

/// Where a folder for unpacked programs would be: the first of these that is set.
pub fn choose(variable: impl Fn(&str) -> Option<OsString>) -> Result<PathBuf, Failure> {
    let set = |name: &str| variable(name).filter(|value| !value.is_empty());
    let absolute = |name: &str| {
        set(name)
            .map(PathBuf::from)
            .filter(|path| path.is_absolute())
    };
    if let Some(own) = set("POLLEN_CACHE_DIR") {
        let path = PathBuf::from(own);
        return match path.is_absolute() {
            true => Ok(path),
            false => Err(Failure::distrusted(
                &path,
                "POLLEN_CACHE_DIR must be an absolute path",
            )),
        };
    }
    // systemd gives a service its own; several are separated by colons (systemd.exec(5)).
    if let Some(given) = set("CACHE_DIRECTORY") {
        let first = system::first_path(&given);
        if first.is_absolute() {
            return Ok(first);
        }
    }
    if let Some(base) = absolute(system::CACHE_VARIABLE) {
        return Ok(base.join("pollen"));
    }
    // The home of somebody else is what `sudo` and services without a user's home leave behind.
    match absolute("HOME") {
        Some(home) if system::is_own_folder(&home) => Ok(home.join(".cache").join("pollen")),
        _ => Ok(system::last_resort()),
    }
}

/// Where the folder really is, if a link leads there that this user or root made: systemd makes one for
/// a service with a user of its own, and people make them to use a larger disk.
pub fn resolve(root: &Path) -> Result<PathBuf, Failure> {
    match fs::symlink_metadata(root) {
        Ok(about) if about.is_symlink() => match system::foreign_owner(&about) {
            Some(why) => Err(Failure::distrusted(
                root,
                format!("it is a symbolic link, and {why}"),
            )),
            None => fs::canonicalize(root).map_err(|error| Failure::folder(root, 0, &error)),
        },
        _ => Ok(root.to_owned()),
    }
}

/// Makes the folder if it is not there, and refuses one that somebody else could write into.
pub fn prepare(root: &Path, needed: u64) -> Result<(), Failure> {
    if fs::symlink_metadata(root).is_err() {
        system::create_private(root).map_err(|error| Failure::folder(root, needed, &error))?;
    }
    demand_trust(root)
}

/// Refuses a folder that somebody else could have filled.
pub fn demand_trust(folder: &Path) -> Result<(), Failure> {
    let about = fs::symlink_metadata(folder).map_err(|error| Failure::folder(folder, 0, &error))?;
    if !about.is_dir() {
        let what = if about.is_symlink() {
            "it is a symbolic link"
        } else {
            "it is no folder"
        };
        return Err(Failure::distrusted(folder, what));
    }
    system::distrust(&about).map_or(Ok(()), |why| Err(Failure::distrusted(folder, why)))
}

#[cfg(all(test, unix))]
mod tests {
    use super::*;

    fn chosen(variables: &[(&str, &str)]) -> Result<PathBuf, Failure> {
        let variables: Vec<(String, OsString)> = variables
            .iter()
            .map(|(name, value)| (name.to_string(), value.into()))
            .collect();
        choose(|name| {
            variables
                .iter()
                .find(|(known, _)| known == name)
                .map(|(_, value)| value.clone())
        })
    }

    #[test]
    fn the_first_that_is_set_is_taken() {
        let home = std::env::temp_dir().join(format!("pollen-home-{}", std::process::id()));
        fs::create_dir(&home).unwrap();
        let home_text = home.to_str().unwrap();
        let all = [
            ("POLLEN_CACHE_DIR", "/own"),
            ("CACHE_DIRECTORY", "/var/cache/a:/var/cache/b"),
            (system::CACHE_VARIABLE, "/xdg"),
            ("HOME", home_text),
        ];
        let wanted = [
            PathBuf::from("/own"),
            PathBuf::from("/var/cache/a"),
            PathBuf::from("/xdg/pollen"),
            home.join(".cache/pollen"),
            system::last_resort(),
        ];
        for (from, path) in wanted.iter().enumerate() {
            assert_eq!(&chosen(&all[from..]).unwrap(), path);
        }
        fs::remove_dir(home).unwrap();
    }

    #[test]
    fn what_is_empty_relative_or_not_there_does_not_count() {
        assert_eq!(
            chosen(&[
                ("POLLEN_CACHE_DIR", ""),
                ("CACHE_DIRECTORY", ""),
                (system::CACHE_VARIABLE, "relative"),
                ("HOME", "/nonexistent"),
            ])
            .unwrap(),
            system::last_resort()
        );
        assert!(chosen(&[("POLLEN_CACHE_DIR", "relative")]).is_err());
    }

    #[test]
    fn a_file_and_a_folder_of_everybody_are_refused_and_an_own_link_is_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let base = std::env::temp_dir().join(format!("pollen-trust-{}", std::process::id()));
        prepare(&base, 0).unwrap();
        assert_eq!(
            fs::metadata(&base).unwrap().permissions().mode() & 0o777,
            0o700
        );
        let open = base.join("open");
        prepare(&open, 0).unwrap();
        fs::set_permissions(&open, fs::Permissions::from_mode(0o770)).unwrap();
        assert!(
            prepare(&open, 0)
                .unwrap_err()
                .message
                .contains("other users may write")
        );
        symlink(&base, base.join("link")).unwrap();
        assert_eq!(
            resolve(&base.join("link")).unwrap(),
            fs::canonicalize(&base).unwrap()
        );
        symlink(base.join("nowhere"), base.join("broken")).unwrap();
        assert!(resolve(&base.join("broken")).is_err());
        assert!(
            prepare(&base.join("link"), 0).is_err(),
            "a link in the place of a resolved folder"
        );
        fs::write(base.join("file"), "").unwrap();
        assert!(
            prepare(&base.join("file"), 0)
                .unwrap_err()
                .message
                .contains("no folder")
        );
        fs::remove_dir_all(base).unwrap();
    }
}
