//! `Conv3d`: cross-correlation of a volume with learned windows.

use super::volume::{self, Sizes, reshaped, triple};
use super::{conv2d, depth_taps, slice};
use crate::args::{ArgDef, ArgKind, Default, Value};
use crate::dim::{Dim, Op};
use crate::layer::{Arity, Context, Inferred, LayerDef};
use crate::problem::Problem;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Conv3d",
    doc: "A three-dimensional convolution: one `Conv2d` of the slices, in which those under a \
          window's depth are channels. On the CPU in f32 windows read the slices where they \
          lie; elsewhere each slice is copied as often as windows read it.",
    takes: volume::TAKES,
    keras: "Conv3D",
    pytorch: "nn.Conv3d",
    arity: Arity::One,
    args: &[
        conv2d::OUT_CHANNELS,
        volume::KERNEL_SIZE,
        volume::STRIDE,
        ArgDef::option(
            "padding",
            ArgKind::Triple { min: 0, same: true },
            Default::Size(0),
            "zeros around the volume; `same` keeps its size (stride 1)",
        ),
        volume::DILATION,
        conv2d::GROUPS,
        conv2d::BIAS,
    ],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [channels, depth, height, width] = volume::volume(cx)?;
    let (out, groups) = (cx.args.size("out_channels"), cx.args.size("groups"));
    conv2d::check_groups(cx, &groups, &channels, &out)?;
    let [kernel, stride, dilation] =
        ["kernel_size", "stride", "dilation"].map(|name| triple(cx, name, 1));
    let given = cx.args.triple("padding");
    let padding = conv2d::padding(cx, given, [&kernel, &stride, &dilation])?;
    let sizes = Sizes { kernel, stride, dilation, padding };
    let output = sizes.output(cx, &[depth, height, width], false)?;
    let [deep, high, wide] = output.as_slice() else { return Err(Problem::new("`Conv3d`")) };

    let x = cx.wire(0)?;
    let mut taps = cx.args.only(&["kernel_size", "stride", "dilation"]);
    let sides = sizes.padding.iter().flatten().cloned().map(Some).collect();
    taps.push(("padding", Value::Shape(sides)));
    let taps = cx.part("taps", &depth_taps::DEF, &taps, &[&x])?;
    let plane = |[_, h, w]: &[Dim; 3]| Value::Pair(h.clone(), w.clone());
    let args = [
        cx.args.only(&["out_channels", "groups", "bias"]),
        vec![
            ("kernel_size", plane(&sizes.kernel)),
            ("stride", plane(&sizes.stride)),
            ("dilation", plane(&sizes.dilation)),
        ],
    ];
    let conv = cx.part("", &conv2d::DEF, &args.concat(), &[&taps])?;
    let per_group = cx.compute(Op::Div, &[channels, groups])?;
    let weight = [vec![out.clone(), per_group], sizes.kernel.to_vec()].concat();
    cx.part_param(&conv, "weight", weight);
    let pitch = depth_taps::pitch(cx, &sizes, high)?;
    let places = vec![out, deep.clone(), pitch.clone(), wide.clone()];
    let places = reshaped(cx, "places", places, &conv)?;
    if pitch == *high {
        return Ok(cx.made_of(&places, &[]));
    }
    let range = [
        ("start", Value::Size(Dim::Known(0))),
        ("end", Value::Size(high.clone())),
        ("axis", Value::Size(Dim::Known(2))),
    ];
    let volume = cx.part("volume", &slice::DEF, &range, &[&places])?;
    Ok(cx.made_of(&volume, &[]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{infer, made, shape, size};
    use crate::problem::At;
    use crate::shape::Shape;

    fn conv(more: &[(&'static str, Value)], input: &[usize]) -> Result<String, String> {
        let given = [&[("out_channels", size(6)), ("kernel_size", size(3))], more].concat();
        shape(&DEF, &given, input)
    }

    #[test]
    fn sizes_follow_pytorch() {
        assert_eq!(conv(&[], &[4, 8, 9, 10]), Ok("[6, 6, 7, 8]".into()));
        let steps = Value::Triple([1, 2, 3].map(Dim::Known));
        let steps = [("stride", steps), ("padding", size(1))];
        assert_eq!(conv(&steps, &[4, 8, 9, 10]), Ok("[6, 8, 5, 4]".into()));
        let same = [("padding", Value::Word("same".into())), ("dilation", size(2))];
        assert_eq!(conv(&same, &[4, 8, 9, 10]), Ok("[6, 8, 9, 10]".into()));
    }

    #[test]
    fn it_has_pytorchs_weights() {
        let given = [("out_channels", size(6)), ("kernel_size", size(3)), ("groups", size(2))];
        let (parts, _) = made(&DEF, &given, &Shape::known(&[4, 8, 9, 10])).unwrap();
        assert_eq!(parts[1], (String::new(), "[6, 2, 3, 3, 3] [6]".into()));
    }

    #[test]
    fn mistakes_are_told_of_the_volume() {
        let given = [("out_channels", size(8)), ("kernel_size", size(3))];
        let problem = infer(&DEF, &given, &[4, 9, 2, 9]).unwrap_err();
        assert_eq!(problem.at, At::Arg("kernel_size"));
        assert_eq!(
            problem.text,
            "the window of `Conv3d` is 3 high, but `Before` (line 1) gives [4, 9, 2, 9], which is \
             2 high"
        );
        let groups = conv(&[("groups", size(3))], &[4, 9, 9, 9]).unwrap_err();
        assert!(groups.contains("3 groups, which do not divide its 4 input"), "{groups}");
        let same = [("padding", Value::Word("same".into())), ("stride", size(2))];
        let same = conv(&same, &[4, 9, 9, 9]).unwrap_err();
        assert!(same.ends_with("which a stride of (2, 2, 2) cannot"), "{same}");
    }
}
