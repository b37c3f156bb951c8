//! What convolution and pooling share: a window of taps that slides over height and width.

use crate::dim::{Dim, Op};
use crate::layer::{Cond, Context};
use crate::problem::Problem;

/// A window along one axis.
pub(crate) struct Window {
    /// Taps.
    pub(crate) kernel: Dim,
    /// Step.
    pub(crate) stride: Dim,
    /// Distance between taps.
    pub(crate) dilation: Dim,
    /// Padding before and after.
    pub(crate) padding: [Dim; 2],
    /// Whether a last window may hang over the end.
    pub(crate) ceil: bool,
}

/// The size of the output along one axis: `(n + before + after - reach) / stride + 1`, rounded
/// down, where `reach = dilation · (kernel - 1) + 1`.
pub(crate) fn output(
    cx: &mut Context<'_>,
    axis: &str,
    input: &Dim,
    window: &Window,
) -> Result<Dim, Problem> {
    let reach = cx.compute(Op::Reach, &[window.kernel.clone(), window.dilation.clone()])?;
    let start = cx.compute(Op::Add, &[input.clone(), window.padding[0].clone()])?;
    let padded = cx.compute(Op::Add, &[start.clone(), window.padding[1].clone()])?;
    let too_large = too_large(cx, axis, [input, &padded, &reach], window)?;
    if reach.known() != Some(1) {
        cx.require(Cond::AtMost(reach.clone(), padded.clone()), too_large)?;
    }
    if window.ceil {
        cx.compute(Op::WindowsCeil, &[padded, reach, window.stride.clone(), start])
    } else {
        cx.compute(Op::Windows, &[padded, reach, window.stride.clone()])
    }
}

fn too_large(
    cx: &Context<'_>,
    axis: &str,
    [input, padded, reach]: [&Dim; 3],
    window: &Window,
) -> Result<Problem, Problem> {
    let arrival = cx.floats()?;
    let high = match axis {
        "height" => "high",
        "length" => "long",
        "depth" => "deep",
        _ => "wide",
    };
    let dilated = if *reach == window.kernel { "" } else { " with its dilation" };
    let with_padding =
        if input == padded { String::new() } else { format!(" ({padded} with padding)") };
    let text = format!(
        "the window of `{}` is {reach} {high}{dilated}, but {} {}, which is {input} {high}\
         {with_padding}",
        cx.layer, arrival.origin, arrival.shape
    );
    let smaller = match padded.known() {
        Some(n) if dilated.is_empty() && n > 0 => format!("use a window of at most {n}"),
        _ => "use a smaller window".into(),
    };
    Ok(Problem::new(text)
        .at("kernel_size")
        .help(format!("{smaller}, add `padding`, or take away a pooling layer before it")))
}
