use netwright::prelude::*;

const COUNT: usize = 1;

network! {
    struct Net([COUNT, 4]) -> [COUNT, 4] {
        LeakyRelu(COUNT), Dropout(0.5), Linear<4>,
    }
}

fn main() {
    println!("{}", Net::PARAMS);
}
