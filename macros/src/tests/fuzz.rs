use crate::driver;
use crate::parse::random::random_tokens;

/// Whatever is written, the macro answers and never panics. Every stage that looks at the input
/// reads all of it; generating, which follows from what they found, and reading its items back take
/// far longer, so only some get that far, or all with `NETWRIGHT_FUZZ=all`.
#[test]
fn random_tokens_give_items() {
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let all = std::env::var_os("NETWRIGHT_FUZZ").is_some();
    std::thread::scope(|scope| {
        for first in 0..threads {
            let seeds = (first..100_000).step_by(threads);
            scope.spawn(move || seeds.for_each(|seed| answer(seed, all)));
        }
    });
}

fn answer(seed: usize, all: bool) {
    let tokens = random_tokens(seed as u64);
    if !all && !seed.is_multiple_of(32) {
        let (nets, errors) = driver::understand(tokens);
        assert!(!nets.is_empty() || errors.count() > 0, "seed {seed}");
        return;
    }
    let output = driver::network(tokens);
    if all || seed.is_multiple_of(128) {
        let file = syn::parse2::<syn::File>(output.clone());
        assert!(file.is_ok_and(|file| !file.items.is_empty()), "seed {seed}: {output}");
    }
}
