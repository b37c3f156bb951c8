use netwright::prelude::*;

const LENGTH: usize = 4;

network! {
    struct Long([3, 4]) -> [8, 1] {
        Conv1d<8, 5>,
    }
}

network! {
    struct Named([3, LENGTH]) -> [8, 1] {
        Conv1d<8, 5>, Relu,
    }
}

network! {
    struct Flat([50]) -> [8, 48] {
        Conv1d<8, 3, padding = valid>,
    }
}

network! {
    struct Pool([3, 28, 28]) -> [3, 14] {
        MaxPool1d<2>,
    }
}

network! {
    struct Crop([3, 8, 6]) -> [3, 6, 1] {
        Crop2d<(1, 3)>,
    }
}

network! {
    struct Shuffle([6, 4, 4]) -> [1, 8, 8] {
        PixelShuffle<2>,
    }
}

fn main() {}
