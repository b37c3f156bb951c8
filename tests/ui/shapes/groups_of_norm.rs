use netwright::prelude::*;

network! {
    struct Uneven([6, 8, 8]) -> [6, 8, 8] {
        GroupNorm<4>,
    }
}

network! {
    struct Flat([12]) -> [12] {
        SpatialDropout2d(0.2), InstanceNorm2d,
    }
}

fn main() {}
