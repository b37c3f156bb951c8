//! The header of a safetensors file: JSON that says of each tensor its type, shape and place.
//!
//! The format is <https://github.com/huggingface/safetensors#format>. It is read here rather than
//! by the crate `safetensors`, whose derives and hash tables would cost every program that depends
//! on netwright several seconds of clean build; that crate reads our files in the tests.

use super::json::Json;

/// What the header says.
pub(super) struct Header {
    /// A table of free texts.
    metadata: Json,
    /// In the order of the data. (Lists rather than maps, here and in [`Json`]: three kinds of
    /// trees would be a twentieth of this crate's build.)
    tensors: Vec<(String, TensorInfo)>,
}

/// One tensor.
pub(super) struct TensorInfo {
    /// `F32`
    pub(super) dtype: String,
    pub(super) shape: Vec<usize>,
    /// Its bytes, from the end of the header on.
    pub(super) data_offsets: (usize, usize),
}

impl Header {
    /// Reads and checks: tensors lie side by side, from 0 on, are as long as type and shape say, and
    /// have each a name of their own.
    pub(super) fn parse(json: &[u8]) -> Result<Self, String> {
        let Json::Table(entries) = Json::parse(json)? else {
            return Err("its header is no table".into());
        };
        let mut header = Header { metadata: Json::Table(Vec::new()), tensors: Vec::new() };
        for (name, value) in entries {
            if name == "__metadata__" {
                header.metadata = metadata(value)?;
            } else {
                let info = tensor(&name, &value)?;
                header.tensors.push((name, info));
            }
        }
        header.tensors.sort_unstable_by_key(|(_, info)| info.data_offsets);
        header.check()?;
        Ok(header)
    }

    fn check(&self) -> Result<(), String> {
        let mut end = 0;
        for (name, info) in &self.tensors {
            let (from, to) = info.data_offsets;
            if from != end || to < from {
                return Err(format!("invalid offset for tensor `{}`", name.escape_debug()));
            }
            if info.bytes(name)? != to - from {
                let what = "invalid shape, data type, or offset for tensor";
                return Err(format!("{what} `{}`", name.escape_debug()));
            }
            end = to;
        }
        self.check_names()
    }

    /// Of two tensors with one name, nobody could say which is meant.
    fn check_names(&self) -> Result<(), String> {
        let mut names: Vec<_> = self.tensors.iter().map(|(name, _)| name.as_str()).collect();
        names.sort_unstable();
        match names.windows(2).find(|two| two[0] == two[1]) {
            Some(two) => Err(format!("it has tensor `{}` twice", two[0].escape_debug())),
            None => Ok(()),
        }
    }

    /// An entry of the metadata.
    pub(super) fn metadata(&self, key: &str) -> Option<&str> {
        self.metadata.get(key)?.as_text()
    }

    /// A tensor.
    pub(super) fn info(&self, name: &str) -> Option<&TensorInfo> {
        self.tensors.iter().find(|(found, _)| found == name).map(|(_, info)| info)
    }

    /// All tensors, in the order of the data.
    pub(super) fn tensors(&self) -> &[(String, TensorInfo)] {
        &self.tensors
    }

    /// Bytes of all tensors.
    pub(super) fn data_len(&self) -> usize {
        self.tensors.last().map_or(0, |(_, info)| info.data_offsets.1)
    }
}

impl TensorInfo {
    fn bytes(&self, name: &str) -> Result<usize, String> {
        let name = name.escape_debug();
        let overflow = || format!("overflow in the shape of tensor `{name}`");
        let bits = bits(&self.dtype).ok_or_else(|| {
            format!("unknown type `{}` of tensor `{name}`", self.dtype.escape_debug())
        })?;
        let count = self.shape.iter().try_fold(1usize, |n, &size| n.checked_mul(size));
        let all = count.and_then(|n| n.checked_mul(bits)).ok_or_else(overflow)?;
        Ok(all.div_ceil(8))
    }
}

/// Bits of a number of this type.
fn bits(dtype: &str) -> Option<usize> {
    match dtype {
        "F64" | "I64" | "U64" | "C64" => Some(64),
        "F32" | "I32" | "U32" => Some(32),
        "F16" | "BF16" | "I16" | "U16" => Some(16),
        "F8_E5M2" | "F8_E4M3" | "F8_E8M0" | "I8" | "U8" | "BOOL" => Some(8),
        "F6_E2M3" | "F6_E3M2" => Some(6),
        "F4" => Some(4),
        _ => None,
    }
}

fn metadata(value: Json) -> Result<Json, String> {
    match &value {
        Json::Table(entries) if entries.iter().all(|(_, text)| text.as_text().is_some()) => {
            Ok(value)
        }
        _ => Err("`__metadata__` is no table of texts".into()),
    }
}

fn tensor(name: &str, value: &Json) -> Result<TensorInfo, String> {
    let wrong = |what: &str| format!("tensor `{}` has no {what}", name.escape_debug());
    let dtype = value.get("dtype").and_then(Json::as_text).ok_or_else(|| wrong("type"))?;
    let sizes = |key| value.get(key).and_then(Json::as_sizes);
    let shape = sizes("shape").ok_or_else(|| wrong("shape"))?;
    match sizes("data_offsets").as_deref() {
        Some(&[from, to]) => {
            Ok(TensorInfo { dtype: dtype.to_string(), shape, data_offsets: (from, to) })
        }
        _ => Err(wrong("place")),
    }
}
