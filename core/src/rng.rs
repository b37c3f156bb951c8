//! Random numbers that depend on a seed alone.

/// A key for a stream of its own: two calls with different arguments give unrelated keys.
///
/// The finalizer of SplitMix64 (Steele, Lea, Flood: Fast Splittable Pseudorandom Number
/// Generators, 2014), applied to both words in turn.
pub(crate) fn mix(seed: u64, stream: u64) -> u64 {
    finalize(finalize(seed.wrapping_add(0x9e37_79b9_7f4a_7c15)).wrapping_add(stream))
}

fn finalize(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}
