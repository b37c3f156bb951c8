use netwright::prelude::*;

network! {
    struct Flat([12]) -> [2] {
        SeparableConv2d<8, 3>, Flatten, Linear<2>,
    }
}

network! {
    struct Small([3, 4, 2]) -> [2] {
        DepthwiseConv2d<(2, 3)>, Flatten, Linear<2>,
    }
}

network! {
    struct Behind([3, 8, 8]) -> [2] {
        SeparableConv2d<8, 3>, Linear<2>,
    }
}

network! {
    struct Channels<const CHANNELS: usize>([CHANNELS, 8, 8]) -> [4, 6, 6] {
        SeparableConv2d<4, 3, multiplier = 2>,
    }
}

fn main() {
    let device = Cpu::default();
    let _ = Flat::seeded(&device, 0);
    let _ = Small::seeded(&device, 0);
    let _ = Behind::seeded(&device, 0);
    let _ = Channels::<3>::seeded(&device, 0);
}
