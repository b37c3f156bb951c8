//! What the normalizations share: their arguments and parameters.

use crate::args::{ArgDef, ArgKind, Default};
use crate::dim::Dim;
use crate::layer::{Attr, Context, Inferred, ParamInit};
use crate::shape::Shape;

pub(crate) const AFFINE: ArgDef = ArgDef::option(
    "affine",
    ArgKind::Flag,
    Default::Flag(true),
    "whether the result is scaled and shifted by learned weights",
);

pub(crate) const EPS: ArgDef = ArgDef::value(
    "eps",
    ArgKind::POSITIVE,
    Default::Number(1e-5),
    "added to the variance, so that nothing is divided by zero",
);

pub(crate) const MOMENTUM: ArgDef = ArgDef::value(
    "momentum",
    ArgKind::FRACTION,
    Default::Number(0.1),
    "share of a new batch in the running mean and variance",
);

/// The shape kept, with the attribute `eps` and, if `affine`, `weight` and `bias` of these sizes.
pub(crate) fn affine(cx: &Context<'_>, shape: &Shape, sizes: &[Dim]) -> Inferred {
    let inferred = Inferred::shape(shape.clone()).attr("eps", Attr::Number(cx.args.number("eps")));
    if !cx.args.flag("affine") {
        return inferred;
    }
    inferred.param("weight", sizes.to_vec(), ParamInit::Ones).param(
        "bias",
        sizes.to_vec(),
        ParamInit::Zeros,
    )
}

/// Batch normalization of `channels`: also the attribute `momentum` and the running statistics.
pub(crate) fn batch(cx: &Context<'_>, shape: &Shape, channels: Dim) -> Inferred {
    let channels = [channels];
    affine(cx, shape, &channels)
        .attr("momentum", Attr::Number(cx.args.number("momentum")))
        .buffer("running_mean", channels.to_vec(), ParamInit::Zeros)
        .buffer("running_var", channels.to_vec(), ParamInit::Ones)
}
