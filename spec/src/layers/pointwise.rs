//! What layers share that leave the shape as it is.

use crate::layer::{Attr, Context, Inferred};
use crate::problem::Problem;

/// The input's shape, of any rank, with these arguments as attributes of the same name.
pub(crate) fn keep(
    cx: &mut Context<'_>,
    numbers: &'static [&'static str],
) -> Result<Inferred, Problem> {
    let inferred = Inferred::shape(cx.floats()?.shape.clone());
    Ok(numbers
        .iter()
        .fold(inferred, |inferred, name| inferred.attr(name, Attr::Number(cx.args.number(name)))))
}
