//! What the three-dimensional forms share: they are two-dimensional ones on slices of the volume.

use super::pool::check_padding;
use super::reshape;
use super::window::{self, Window};
use crate::args::{ArgDef, ArgKind, Default, Value};
use crate::composite::Wire;
use crate::dim::Dim;
use crate::layer::{Context, Inferred, LayerDef};
use crate::problem::Problem;

pub(super) const TAKES: &str = "`[channels, depth, height, width]`";

pub(super) const KERNEL_SIZE: ArgDef = ArgDef::position(
    "kernel_size",
    ArgKind::Triple { min: 1, same: false },
    "depth, height and width of the window",
);

pub(super) const STRIDE: ArgDef = ArgDef::option(
    "stride",
    ArgKind::Triple { min: 1, same: false },
    Default::Size(1),
    "step of the window",
);

pub(super) const DILATION: ArgDef = ArgDef::option(
    "dilation",
    ArgKind::Triple { min: 1, same: false },
    Default::Size(1),
    "distance between the taps of the window",
);

pub(super) const POOL_STRIDE: ArgDef = ArgDef::option(
    "stride",
    ArgKind::Triple { min: 1, same: false },
    Default::Absent,
    "step of the window; `kernel_size` where it is left out",
);

pub(super) const POOL_PADDING: ArgDef = ArgDef::option(
    "padding",
    ArgKind::Triple { min: 0, same: false },
    Default::Size(0),
    "border around the volume, at most half of the window",
);

const AXES: [&str; 3] = ["depth", "height", "width"];

/// `[channels, depth, height, width]`
pub(super) fn volume(cx: &Context<'_>) -> Result<[Dim; 4], Problem> {
    let input = cx.floats()?;
    match input.shape.dims.as_slice() {
        [c, d, h, w] => Ok([c.clone(), d.clone(), h.clone(), w.clone()]),
        dims => {
            let problem = cx.takes("[channels, depth, height, width]", input);
            Err(match dims {
                [d, h, w] => problem.help(format!(
                    "a single channel is written too: put `Reshape<[1, {}, {}, {}]>` between them",
                    d.written(),
                    h.written(),
                    w.written()
                )),
                _ => problem,
            })
        }
    }
}

/// Three sizes, or this one where the argument is left out.
pub(super) fn triple(cx: &Context<'_>, name: &str, absent: usize) -> [Dim; 3] {
    cx.args.triple(name).unwrap_or([(); 3].map(|()| Dim::Known(absent)))
}

/// A window along all three axes.
pub(super) struct Sizes {
    pub(super) kernel: [Dim; 3],
    pub(super) stride: [Dim; 3],
    pub(super) dilation: [Dim; 3],
    /// Before and after.
    pub(super) padding: [[Dim; 2]; 3],
}

impl Sizes {
    /// The size of the output, with messages about the volume.
    pub(super) fn output(
        &self,
        cx: &mut Context<'_>,
        input: &[Dim],
        ceil: bool,
    ) -> Result<Vec<Dim>, Problem> {
        let mut dims = Vec::new();
        for (axis, (name, size)) in AXES.iter().zip(input).enumerate() {
            let window = Window {
                kernel: self.kernel[axis].clone(),
                stride: self.stride[axis].clone(),
                dilation: self.dilation[axis].clone(),
                padding: self.padding[axis].clone(),
                ceil,
            };
            dims.push(window::output(cx, name, size, &window)?);
        }
        Ok(dims)
    }

    /// The arguments of a pooling along these two axes; the last one behind the others is as if it
    /// were not there.
    fn args(&self, axes: [usize; 2], dilated: bool) -> Vec<(&'static str, Value)> {
        let pair = |sizes: &[Dim; 3], none: usize| {
            let [a, b] = axes.map(|i| sizes.get(i).cloned().unwrap_or(Dim::Known(none)));
            Value::Pair(a, b)
        };
        let padding = self.padding.each_ref().map(|[before, _]| before.clone());
        let mut args = vec![
            ("kernel_size", pair(&self.kernel, 1)),
            ("stride", pair(&self.stride, 1)),
            ("padding", pair(&padding, 0)),
        ];
        if dilated {
            args.push(("dilation", pair(&self.dilation, 1)));
        }
        args
    }
}

/// A pooling of each slice, and one along the depth of what that gives: windows are boxes, so their
/// largest values are those of largest values, and their means those of means.
pub(super) fn pool(
    cx: &mut Context<'_>,
    def: &'static LayerDef,
    more: &[&str],
) -> Result<Inferred, Problem> {
    let [channels, depth, height, width] = volume(cx)?;
    let kernel = triple(cx, "kernel_size", 1);
    let padding = triple(cx, "padding", 0);
    check_padding(cx, &padding, &kernel)?;
    let sizes = Sizes {
        stride: cx.args.triple("stride").unwrap_or(kernel.clone()),
        dilation: triple(cx, "dilation", 1),
        padding: padding.map(|side| [side.clone(), side]),
        kernel,
    };
    let ceil = cx.args.flag("ceil_mode");
    let input = [depth.clone(), height.clone(), width.clone()];
    let output = sizes.output(cx, &input, ceil)?;
    let [deep, high, wide] = output.as_slice() else { return Err(Problem::new("`pool`")) };

    let x = cx.wire(0)?;
    let slices = vec![cx.product(&[channels.clone(), depth.clone()])?, height, width];
    let slices = reshaped(cx, "slices", slices, &x)?;
    let flags = cx.args.only(more);
    let dilated = cx.args.get("dilation").is_some();
    let plane = [sizes.args([1, 2], dilated), flags.clone()].concat();
    let plane = cx.part("plane", def, &plane, &[&slices])?;
    let columns = vec![channels.clone(), depth, cx.product(&[high.clone(), wide.clone()])?];
    let columns = reshaped(cx, "columns", columns, &plane)?;
    let along = [sizes.args([0, 3], dilated), flags].concat();
    let along = cx.part("pool", def, &along, &[&columns])?;
    let volume = vec![channels, deep.clone(), high.clone(), wide.clone()];
    let y = reshaped(cx, "volume", volume, &along)?;
    Ok(cx.made_of(&y, &[]))
}

pub(super) fn reshaped(
    cx: &mut Context<'_>,
    name: &str,
    dims: Vec<Dim>,
    x: &Wire,
) -> Result<Wire, Problem> {
    let shape = [("shape", Value::Shape(dims.into_iter().map(Some).collect()))];
    cx.part(name, &reshape::DEF, &shape, &[x])
}
