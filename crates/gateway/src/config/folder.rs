//! A folder that is served as it is, read as a whole at the start.

use std::fs;
use std::path::{Path, PathBuf};

use switchboard_core::dialect::FolderFile;

/// Most files, and most folders.
const MOST: usize = 4_000;
/// Most bytes in all files together.
const BYTES: u64 = 128 * 1024 * 1024;

/// A folder that is still to be read.
struct Folder {
    place: PathBuf,
    /// What the paths of its files begin with.
    prefix: String,
    /// Where it really is, after the folders that it is in.
    way: Vec<PathBuf>,
}

/// Reads every file of a folder and of the folders in it, in the order of their names. What a
/// symbolic link leads to is taken for what it is, unless it is a folder that the link is in;
/// hidden files are left out.
///
/// # Errors
/// One cannot be read or is no file, or there is too much; the words say why.
pub(super) fn read(root: &Path) -> Result<Vec<FolderFile>, String> {
    let mut files = Vec::new();
    let mut bytes = 0;
    let mut folders = vec![Folder {
        place: root.to_owned(),
        prefix: String::new(),
        way: vec![real(root)?],
    }];
    let mut found = folders.len();
    while let Some(folder) = folders.pop() {
        let failed = |error| told(&folder.place, &error);
        for entry in fs::read_dir(&folder.place).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let place = entry.path();
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                continue;
            };
            let path = format!("{}{name}", folder.prefix);
            let facts = fs::metadata(&place).map_err(|error| told(&place, &error))?;
            if facts.is_dir() {
                let real = real(&place)?;
                // A link that leads back up would never end.
                if !folder.way.contains(&real) {
                    found += 1;
                    let prefix = format!("{path}/");
                    let way = folder.way.iter().cloned().chain([real]).collect();
                    folders.push(Folder { place, prefix, way });
                }
            } else if facts.is_file() {
                bytes += facts.len();
                if files.len() < MOST && bytes <= BYTES {
                    let content = fs::read(&place).map_err(|error| told(&place, &error))?;
                    let content = content.into();
                    files.push(FolderFile { path, content });
                } else {
                    return Err(too_much());
                }
            } else {
                // A pipe might keep whoever reads it waiting for ever.
                return Err(format!("{}: this is no file", place.display()));
            }
            if found > MOST {
                return Err(too_much());
            }
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}

fn real(place: &Path) -> Result<PathBuf, String> {
    fs::canonicalize(place).map_err(|error| told(place, &error))
}

fn told(place: &Path, error: &std::io::Error) -> String {
    format!("{}: {error}", place.display())
}

fn too_much() -> String {
    format!("there are more than {MOST} files or folders or {BYTES} bytes")
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::symlink;
    use std::os::unix::net::UnixListener;

    use super::*;

    fn paths(root: &Path) -> Vec<String> {
        let files = read(root).unwrap().into_iter();
        files.map(|file| file.path).collect()
    }

    #[test]
    fn links_that_lead_back_up_end_and_others_are_followed() {
        let folder = tempfile::tempdir().unwrap();
        let root = folder.path();
        let deep: PathBuf = std::iter::repeat_n("d", 20).collect();
        fs::create_dir_all(root.join("site").join(&deep)).unwrap();
        fs::create_dir(root.join("shared")).unwrap();
        for file in ["site/.hidden", "site/a.js", "shared/b.js"] {
            fs::write(root.join(file), file).unwrap();
        }
        fs::write(root.join("site").join(&deep).join("c.js"), "").unwrap();
        for link in ["up", "again", "once-more"] {
            symlink(root.join("site"), root.join("site").join(link)).unwrap();
        }
        symlink(root.join("shared"), root.join("site/lib")).unwrap();
        symlink(root.join("site"), root.join("shared/site")).unwrap();
        let deep = format!("{}/c.js", deep.display());
        assert_eq!(paths(&root.join("site")), ["a.js", &deep, "lib/b.js"]);
    }

    #[test]
    fn what_is_no_file_is_refused_instead_of_waited_for() {
        let folder = tempfile::tempdir().unwrap();
        let _socket = UnixListener::bind(folder.path().join("s")).unwrap();
        let refused = read(folder.path()).unwrap_err();
        assert!(refused.ends_with("/s: this is no file"), "{refused}");
    }
}
