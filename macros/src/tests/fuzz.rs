use crate::driver;
use crate::parse::random::random_tokens;

/// Whatever is written, the macro answers with Rust items.
#[test]
fn random_tokens_give_items() {
    for seed in 0..100_000 {
        let output = driver::network(random_tokens(seed));
        if seed % 8 == 0 {
            let text = output.to_string();
            let file = syn::parse2::<syn::File>(output);
            assert!(file.is_ok_and(|file| !file.items.is_empty()), "seed {seed}: {text}");
        }
    }
}
