//! The list of all layers.

use crate::layer::LayerDef;
use crate::layers;

/// Every layer, in the order of the documentation's table.
pub const ALL: &[&LayerDef] =
    &[&layers::linear::DEF, &layers::conv2d::DEF, &layers::relu::DEF, &layers::flatten::DEF];

/// The layer of this name.
pub fn find(name: &str) -> Option<&'static LayerDef> {
    ALL.iter().find(|def| def.name == name).copied()
}
