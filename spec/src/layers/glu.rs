//! `Glu`: a · sigmoid(b) of the halves a and b of one axis.

use super::gated::{ARGS, infer};
use crate::layer::{Arity, LayerDef};

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "Glu",
    doc: "a · sigmoid(b) of the halves a and b of one axis: a gated linear unit.",
    takes: "any",
    keras: "activations.glu",
    pytorch: "nn.GLU",
    arity: Arity::One,
    args: ARGS,
    params: &[],
    infer,
};

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::{generic, infer, infer_with, named, shape, size};
    use crate::problem::At;
    use crate::shape::Shape;

    #[test]
    fn the_axis_is_halved() {
        assert_eq!(shape(&DEF, &[], &[3, 8]), Ok("[3, 4]".into()));
        assert_eq!(shape(&DEF, &[("axis", size(0))], &[6, 8, 5]), Ok("[3, 8, 5]".into()));
        let named = Shape::floats(vec![named("WIDTH")]);
        let (got, deferred) = infer_with(&DEF, &[], &[named]).unwrap();
        assert_eq!((got.shape.to_string(), deferred.len()), ("[WIDTH / 2]".into(), 1));
    }

    #[test]
    fn it_must_be_there_and_even() {
        let problem = infer(&DEF, &[("axis", size(0))], &[3, 8]).unwrap_err();
        assert_eq!(problem.at, At::Arg("axis"));
        assert_eq!(
            problem.text,
            "`Glu` halves axis 0 of its input and needs an even size there, but `Before` \
             (line 1) gives [3, 8]"
        );
        assert!(shape(&DEF, &[("axis", size(2))], &[4, 8]).unwrap_err().contains("from 0 to 1"));
        assert!(shape(&DEF, &[], &[]).unwrap_err().contains("takes at least one axis"));
        let generic = Shape::floats(vec![generic("N")]);
        let text = infer_with(&DEF, &[], &[generic]).unwrap_err().text;
        assert!(text.contains("compute with the const generic `N`"), "{text}");
    }
}
