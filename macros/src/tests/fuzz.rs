use crate::driver;
use crate::parse::random::random_tokens;

/// Whatever is written, the macro answers and never panics; each sixteenth answer is also read back
/// as Rust items, which takes far longer than making it.
#[test]
fn random_tokens_give_items() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    std::thread::scope(|scope| {
        for first in 0..threads {
            scope.spawn(move || (first..100_000).step_by(threads).for_each(answer));
        }
    });
}

fn answer(seed: usize) {
    let output = driver::network(random_tokens(seed as u64));
    if seed.is_multiple_of(16) {
        let file = syn::parse2::<syn::File>(output.clone());
        assert!(file.is_ok_and(|file| !file.items.is_empty()), "seed {seed}: {output}");
    }
}
