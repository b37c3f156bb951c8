//! `Max`: the largest element along one axis, which goes away.

use super::reduce::{AXIS, infer};
use crate::layer::{Arity, LayerDef};

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Max",
    doc: "The largest element along one axis, which goes away; the first of equals has the gradient.",
    takes: "any",
    keras: "ops.max",
    pytorch: "x.max(axis).values",
    arity: Arity::One,
    args: &[AXIS],
    params: &[],
    infer,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer_with, shape, size};
    use crate::shape::Shape;

    #[test]
    fn the_axis_goes_away() {
        assert_eq!(shape(&DEF, &[], &[3, 8, 5]), Ok("[3, 8]".into()));
        assert_eq!(shape(&DEF, &[("axis", size(0))], &[3, 8, 5]), Ok("[8, 5]".into()));
        assert_eq!(shape(&DEF, &[], &[3]), Ok("[]".into()));
    }

    #[test]
    fn the_axis_must_be_there() {
        assert_eq!(
            shape(&DEF, &[("axis", size(2))], &[3, 8]).unwrap_err(),
            "`axis` of `Max` counts the axes of a sample from 0 to 1, but it is 2: `Before` \
             (line 1) gives [3, 8]"
        );
        assert!(shape(&DEF, &[], &[]).unwrap_err().contains("takes at least one axis"));
    }

    #[test]
    fn generic_sizes_pass() {
        let input = Shape::floats(vec![generic("N"), generic("M")]);
        let (got, deferred) = infer_with(&DEF, &[], &[input]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[N]".into(), 0));
    }
}
