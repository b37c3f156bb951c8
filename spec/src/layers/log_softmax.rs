//! `LogSoftmax`: ln of `Softmax`, computed without overflow.

use super::softmax;
use crate::layer::{Arity, LayerDef};

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "LogSoftmax",
    doc: "The logarithm of `Softmax` along one axis.",
    takes: "any",
    keras: "activations.log_softmax",
    pytorch: "nn.LogSoftmax",
    arity: Arity::One,
    args: &[softmax::AXIS],
    params: &[],
    infer: softmax::infer,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layer::Attr;
    use crate::layers::testing::{infer, shape, size};

    #[test]
    fn keeps_the_shape() {
        assert_eq!(shape(&DEF, &[], &[7, 10]), Ok("[7, 10]".into()));
    }

    #[test]
    fn has_the_axis_of_softmax() {
        assert_eq!(infer(&DEF, &[], &[7, 10]).unwrap().attrs, [("axis", Attr::Size(1.into()))]);
        let given = [("axis", size(0))];
        assert_eq!(infer(&DEF, &given, &[7, 10]).unwrap().attrs[0].1, Attr::Size(0.into()));
    }

    #[test]
    fn messages_carry_its_own_name() {
        assert_eq!(
            shape(&DEF, &[("axis", size(2))], &[7, 10]).unwrap_err(),
            "`axis` of `LogSoftmax` counts the axes of a sample from 0 to 1, but it is 2: \
             `Before` (line 1) gives [7, 10]"
        );
    }
}
