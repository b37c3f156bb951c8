use netwright::prelude::*;

const DEPTH: usize = 2;

network! {
    struct Shallow([3, 2, 8, 8]) -> [8, 1, 6, 6] {
        Conv3d<8, 3>,
    }
}

network! {
    struct Named([3, DEPTH, 8, 8]) -> [3, 1, 4, 4] {
        MaxPool3d<(3, 2, 2)>,
    }
}

network! {
    struct Single([9, 28, 28]) -> [8, 7, 26, 26] {
        Conv3d<8, 3>,
    }
}

network! {
    struct Two([3, 8, 8, 8]) -> [3, 4, 4, 4] {
        AvgPool3d<(2, 2)>,
    }
}

network! {
    struct Three([3, 8, 8]) -> [3, 4, 4] {
        MaxPool2d<(2, 2, 2)>,
    }
}

network! {
    struct Same([3, 8, 8, 8]) -> [8, 4, 4, 4] {
        Conv3d<8, 3, padding = same, stride = 2>,
    }
}

network! {
    struct Line([3, 8]) -> [3, 4, 4] {
        AdaptiveAvgPool2d<4>,
    }
}

network! {
    struct Nothing([3, 8, 8]) -> [3, 0, 4] {
        AdaptiveAvgPool2d<(0, 4)>,
    }
}

fn main() {}
