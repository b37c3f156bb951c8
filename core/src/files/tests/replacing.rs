use super::super::replace::replace;
use super::*;
use std::io;

/// What a failed save says; nothing but the files of before may be there.
fn fails(directory: &tempfile::TempDir, path: &Path) -> String {
    let before = names(directory);
    let error = tiny::<f32>(SOME).save(path).unwrap_err();
    assert_eq!(names(directory), before);
    problem(error, path)
}

#[test]
fn a_failure_keeps_the_old_file_and_leaves_nothing() {
    let directory = directory();
    let path = file(&directory, b"old");
    let error = replace(&path, &mut |out| {
        out.write_all(&[1; 100_000])?;
        Err(io::Error::from(io::ErrorKind::StorageFull))
    });
    let problem = problem(error.unwrap_err(), &path);
    assert_eq!(problem, format!("cannot be written: {}", io::ErrorKind::StorageFull));
    assert_eq!(fs::read(&path).unwrap(), b"old");
    assert_eq!(names(&directory), ["tiny.safetensors"]);
}

#[test]
fn a_missing_directory_is_named() {
    let directory = directory();
    let parent = directory.path().join("runs");
    let problem = fails(&directory, &parent.join("tiny.safetensors"));
    assert!(problem.starts_with(&format!("there is no directory `{}`: ", parent.display())));
}

#[test]
fn what_is_not_a_file_is_refused() {
    let directory = directory();
    assert_eq!(fails(&directory, directory.path()), "is a directory");
    assert!(!fails(&directory, Path::new("")).is_empty());
    if cfg!(unix) {
        assert_eq!(fails(&directory, Path::new("/dev/null")), "is not an ordinary file");
    }
}

#[test]
fn a_read_only_file_is_refused() {
    let directory = directory();
    let path = file(&directory, b"old");
    let writable = fs::metadata(&path).unwrap().permissions();
    let mut permissions = writable.clone();
    permissions.set_readonly(true);
    fs::set_permissions(&path, permissions).unwrap();
    assert_eq!(fails(&directory, &path), "cannot be written: it is read-only");
    assert_eq!(fs::read(&path).unwrap(), b"old");
    fs::set_permissions(&path, writable).unwrap(); // Windows removes no read-only file
}

#[cfg(unix)]
#[test]
fn a_directory_without_permission_is_named() {
    use std::os::unix::fs::PermissionsExt;
    let directory = directory();
    let mode = |mode| fs::set_permissions(&directory, fs::Permissions::from_mode(mode)).unwrap();
    mode(0o555);
    if fs::write(directory.path().join("probe"), "").is_err() {
        let problem = fails(&directory, &directory.path().join("tiny.safetensors"));
        let expected = format!("cannot be created in `{}`: ", directory.path().display());
        assert!(problem.starts_with(&expected), "{problem}");
    } // else this is root, who may write everywhere
    mode(0o755);
}

#[cfg(unix)]
#[test]
fn links_and_permissions_stay() {
    use std::os::unix::fs::{PermissionsExt, symlink};
    let directory = directory();
    let path = file(&directory, b"old");
    fs::set_permissions(&path, fs::Permissions::from_mode(0o640)).unwrap();
    let link = directory.path().join("latest");
    symlink("tiny.safetensors", &link).unwrap();
    tiny::<f32>(SOME).save(&link).unwrap();
    assert!(fs::symlink_metadata(&link).unwrap().is_symlink());
    assert_eq!(fs::read(&path).unwrap(), saved());
    assert_eq!(fs::metadata(&path).unwrap().permissions().mode() & 0o777, 0o640);
}

#[test]
fn many_can_save_to_one_place() {
    let directory = directory();
    let path = file(&directory, b"old");
    std::thread::scope(|scope| {
        for _ in 0..4 {
            scope.spawn(|| (0..5).for_each(|_| tiny::<f32>(SOME).save(&path).unwrap()));
        }
    });
    assert_eq!(fs::read(&path).unwrap(), saved());
    assert_eq!(names(&directory), ["tiny.safetensors"]);
}
