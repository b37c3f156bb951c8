use netwright::prelude::*;

network! {

}

fn main() {}
