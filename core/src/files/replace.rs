//! A file appears whole or not at all.

use crate::{Error, Result};
use std::fs::{self, File, Metadata};
use std::hash::{BuildHasher, RandomState};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

/// What writes a file's content.
pub(super) type Content<'a> = &'a mut dyn FnMut(&mut dyn Write) -> io::Result<()>;

/// Writes a file under another name in the same directory, then gives it its own. Whatever fails,
/// what was there before stays.
pub(super) fn replace(file: &Path, content: Content<'_>) -> Result<()> {
    // Through a link to the file it stands for, so that the link stays one.
    let target = fs::canonicalize(file).unwrap_or_else(|_| file.to_path_buf());
    let before = fs::metadata(&target).ok();
    check(file, &target, before.as_ref())?;
    let mut draft = Draft::create(file, directory(&target))?;
    draft.fill(before, content).map_err(|e| Error::io(file, "cannot be written", e))?;
    draft.publish(&target).map_err(|e| Error::io(file, "cannot be written", e))
}

/// What can be known before anything is written.
fn check(file: &Path, target: &Path, before: Option<&Metadata>) -> Result<()> {
    let problem = match before {
        Some(there) if there.is_dir() => "is a directory",
        Some(there) if !there.is_file() => "is not an ordinary file",
        Some(there) if there.permissions().readonly() => "cannot be written: it is read-only",
        None if target.file_name().is_none() => "is not the name of a file",
        _ => return Ok(()),
    };
    Err(Error::file(file, problem))
}

fn directory(target: &Path) -> &Path {
    match target.parent() {
        Some(parent) if parent != Path::new("") => parent,
        _ => Path::new("."),
    }
}

/// A file under a temporary name; removed when dropped before it is published.
struct Draft {
    path: PathBuf,
    /// Open until it is published or removed: Windows does neither with an open file.
    file: Option<File>,
    published: bool,
}

impl Draft {
    /// A file that no other process has: the name is random, and must be new.
    fn create(file: &Path, directory: &Path) -> Result<Self> {
        loop {
            let name = format!(".netwright-{:016x}.tmp", RandomState::new().hash_one(0));
            let path = directory.join(name);
            match File::create_new(&path) {
                Ok(open) => return Ok(Draft { path, file: Some(open), published: false }),
                Err(e) if e.kind() == io::ErrorKind::AlreadyExists => continue,
                Err(e) if e.kind() == io::ErrorKind::NotFound => {
                    let problem = format!("there is no directory `{}`", directory.display());
                    return Err(Error::io(file, problem, e));
                }
                Err(e) => {
                    let problem = format!("cannot be created in `{}`", directory.display());
                    return Err(Error::io(file, problem, e));
                }
            }
        }
    }

    /// Writes the content through to the disk.
    fn fill(&mut self, before: Option<Metadata>, content: Content<'_>) -> io::Result<()> {
        let Some(file) = &mut self.file else { return Ok(()) };
        let mut buffered = BufWriter::new(&mut *file);
        content(&mut buffered)?;
        buffered.flush()?;
        drop(buffered);
        if let Some(before) = before {
            file.set_permissions(before.permissions())?;
        }
        file.sync_all()
    }

    /// Gives the file its name.
    fn publish(mut self, target: &Path) -> io::Result<()> {
        self.file = None;
        fs::rename(&self.path, target)?;
        self.published = true;
        sync_directory(directory(target));
        Ok(())
    }
}

impl Drop for Draft {
    fn drop(&mut self) {
        self.file = None;
        if !self.published {
            let _ = fs::remove_file(&self.path);
        }
    }
}

/// Makes the new name last through a loss of power, where the platform and the file system can.
/// The file is in its place and whole in any case, so nothing is reported.
fn sync_directory(directory: &Path) {
    #[cfg(unix)]
    let _ = File::open(directory).and_then(|directory| directory.sync_all());
    #[cfg(not(unix))]
    let _ = directory;
}
