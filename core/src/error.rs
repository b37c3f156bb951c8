//! The one error type of the runtime.

use std::fmt;
use std::path::PathBuf;

/// Everything that can go wrong while a network runs, trains, loads or reads data.
///
/// Shapes inside a network cannot be wrong any more when the program has been compiled; what
/// remains is what only the running program knows: files, data, indices, numbers, memory.
#[derive(Debug)]
#[non_exhaustive]
pub enum Error {
    /// A file is missing, damaged, or not what it should be.
    File {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
        /// What the operating system or a reader said.
        source: Option<Box<dyn std::error::Error + Send + Sync>>,
    },
    /// A data set does not fit together, or not to the network.
    Data(String),
    /// A setting of a training that makes no sense, such as a batch size of 0.
    Setting(String),
    /// A layer was given values it cannot work with, such as an index beyond its table.
    Layer {
        /// Its name in the network.
        layer: String,
        /// Its type.
        kind: String,
        /// Expected and received.
        problem: String,
    },
    /// A label that is none of the network's classes.
    Label {
        /// The label.
        label: usize,
        /// The number of its sample, from 0: in the data set, or in the batch that a loss was
        /// given by hand.
        sample: usize,
        /// The number of classes.
        classes: usize,
    },
    /// The loss or a gradient is not a number any more.
    NotFinite(String),
    /// The device failed: mostly, out of memory.
    Device(String),
}

// By hand: a derive costs every program that depends on netwright a second of clean build.
impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Error::File { file, problem, .. } => write!(f, "{}: {problem}", file.display()),
            Error::Data(problem) | Error::Setting(problem) | Error::NotFinite(problem) => {
                f.write_str(problem)
            }
            Error::Layer { layer, kind, problem } => {
                write!(f, "layer `{layer}` ({kind}): {problem}")
            }
            Error::Label { label, sample, classes } => write!(
                f,
                "the label {label} of sample {sample} is none of the {classes} classes 0 to {}",
                classes.saturating_sub(1)
            ),
            Error::Device(problem) => write!(f, "device: {problem}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Error::File { source: Some(source), .. } => Some(source.as_ref()),
            _ => None,
        }
    }
}

/// A result with netwright's error.
pub type Result<T, E = Error> = std::result::Result<T, E>;

impl Error {
    /// A file is not what it should be.
    pub fn file(file: impl Into<PathBuf>, problem: impl Into<String>) -> Self {
        Error::File { file: file.into(), problem: problem.into(), source: None }
    }

    /// A file could not be read or written.
    pub fn io(
        file: impl Into<PathBuf>,
        problem: impl Into<String>,
        source: impl Into<Box<dyn std::error::Error + Send + Sync>>,
    ) -> Self {
        let source = source.into();
        Error::File {
            file: file.into(),
            problem: format!("{}: {source}", problem.into()),
            source: Some(source),
        }
    }

    /// What a device of dfdx reports.
    pub fn device(error: impl std::fmt::Debug) -> Self {
        Error::Device(format!("{error:?}"))
    }
}
