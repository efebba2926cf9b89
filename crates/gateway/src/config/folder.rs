//! A folder that is served as it is, read as a whole at the start.

use std::fs;
use std::path::Path;

use switchboard_core::dialect::FolderFile;

/// Most files.
const FILES: usize = 4_000;
/// Most bytes in all files together.
const BYTES: u64 = 128 * 1024 * 1024;

/// Reads every file of a folder and of the folders in it, in the order of their names. What a
/// symbolic link leads to is taken for what it is; hidden files are left out.
///
/// # Errors
/// One cannot be read, or there is too much; the words say why.
pub(super) fn read(root: &Path) -> Result<Vec<FolderFile>, String> {
    let mut files = Vec::new();
    let mut bytes = 0;
    let mut folders = vec![(root.to_owned(), String::new())];
    while let Some((folder, prefix)) = folders.pop() {
        let failed = |error: std::io::Error| format!("{}: {error}", folder.display());
        for entry in fs::read_dir(&folder).map_err(failed)? {
            let entry = entry.map_err(failed)?;
            let place = entry.path();
            let name = entry.file_name();
            let Some(name) = name.to_str().filter(|name| !name.starts_with('.')) else {
                continue;
            };
            let path = format!("{prefix}{name}");
            let failed = |error: std::io::Error| format!("{}: {error}", place.display());
            let facts = fs::metadata(&place).map_err(failed)?;
            if facts.is_dir() {
                // A link that leads back up would never end.
                if path.matches('/').count() < 16 {
                    folders.push((place, format!("{path}/")));
                }
                continue;
            }
            bytes += facts.len();
            if files.len() == FILES || bytes > BYTES {
                return Err(format!(
                    "there are more than {FILES} files or {BYTES} bytes"
                ));
            }
            let content = fs::read(&place).map_err(failed)?.into();
            files.push(FolderFile { path, content });
        }
    }
    files.sort_by(|one, other| one.path.cmp(&other.path));
    Ok(files)
}
