//! The handwritten digits that the crate carries with it.

use super::{Column, Dataset};
use crate::{Error, Result};
use flate2::read::GzDecoder;
use std::io::Read;

static DIGITS: &[u8] = include_bytes!("../../assets/digits.csv.gz");

/// Values of one image.
const PIXELS: usize = 8 * 8;

/// 1,797 handwritten digits, images of shape `[1, 8, 8]` with values from 0 (paper) to 1 (ink),
/// and their labels 0..9: a small data set of real images, without any file to fetch.
///
/// E. Alpaydin, C. Kaynak: *Optical Recognition of Handwritten Digits*, UCI Machine Learning
/// Repository, as scikit-learn ships it (CC BY 4.0).
///
/// # Errors
/// None that a user could cause: the data is part of the program.
///
/// ```
/// let (train, test) = netwright_core::data::digits()?.shuffled(42).split(0.8)?;
/// assert_eq!((train.len(), test.len()), (1438, 359));
/// # Ok::<(), netwright_core::Error>(())
/// ```
pub fn digits() -> Result<Dataset> {
    let mut text = String::new();
    GzDecoder::new(DIGITS)
        .read_to_string(&mut text)
        .map_err(|error| Error::Data(format!("the built-in digits: {error}")))?;
    parse(&text)
}

/// Lines of 64 values 0..16 and a label.
fn parse(text: &str) -> Result<Dataset> {
    let (mut images, mut labels) = (Vec::new(), Vec::new());
    for (number, line) in (1..).zip(text.lines()) {
        let values: Option<Vec<u8>> = line.split(',').map(|value| value.parse().ok()).collect();
        match values.as_deref() {
            Some([image @ .., label]) if image.len() == PIXELS => {
                images.extend(image.iter().map(|&value| f32::from(value) / 16.0));
                labels.push(usize::from(*label));
            }
            _ => {
                let problem = format!("{PIXELS} values and a label are expected, not `{line}`");
                return Err(Error::Data(format!("the built-in digits, line {number}: {problem}")));
            }
        }
    }
    Dataset::new(Column::floats(images, &[1, 8, 8])?, Column::labels(labels))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_digits_are_there() {
        let set = digits().unwrap();
        assert_eq!((set.len(), set.inputs()[0].shape()), (1797, &[1, 8, 8][..]));
        let labels = set.targets()[0].as_indices().unwrap();
        let count = |digit| labels.iter().filter(|&&label| label == digit).count();
        let counts: Vec<usize> = (0..10).map(count).collect();
        assert_eq!(counts, [178, 182, 177, 183, 181, 182, 181, 179, 174, 180]);
    }

    #[test]
    fn values_run_from_0_to_1() {
        let set = digits().unwrap();
        let values = set.inputs()[0].as_floats().unwrap();
        assert_eq!(values[..4], [0.0, 0.0, 5.0 / 16.0, 13.0 / 16.0]);
        assert_eq!(values.iter().copied().fold(0.0, f32::max), 1.0);
    }

    #[test]
    fn a_damaged_line_is_named() {
        let line = "0,".repeat(64) + "7\n";
        assert_eq!(parse(&line).unwrap().len(), 1);
        for damaged in ["1,2,3\n", "\n", "a,b\n"] {
            let wrong = parse(&(line.clone() + damaged)).unwrap_err().to_string();
            assert!(wrong.contains("line 2"), "{wrong}");
        }
    }
}
