//! `MatMul`: the matrix product of two values. `matmul(a, b)` inserts it.

use crate::layer::{Arity, Cond, Context, Inferred, LayerDef};
use crate::problem::{Arrival, Problem};
use crate::shape::Shape;

/// The definition.
pub const DEF: LayerDef = LayerDef {
    name: "MatMul",
    doc: "The matrix product of [rows, inner] and [inner, columns], sample by sample.",
    takes: "`matmul(a, b)`",
    keras: "Dot",
    pytorch: "a @ b",
    arity: Arity::Many,
    args: &[],
    params: &[],
    infer,
};

fn infer(cx: &mut Context<'_>) -> Result<Inferred, Problem> {
    let [a, b] = cx.all_floats()? else {
        return Err(Problem::new(format!("`{}` takes two values", cx.layer)));
    };
    let ([rows, inner], [other, columns]) = (a.shape.dims.as_slice(), b.shape.dims.as_slice())
    else {
        let wrong = if a.shape.rank() == 2 { b } else { a };
        return Err(cx
            .takes("two matrices, [rows, inner] and [inner, columns]", wrong)
            .help("`Reshape` gives a value two axes"));
    };
    let problem = unequal(cx, a, b);
    cx.require(Cond::Equal(inner.clone(), other.clone()), problem)?;
    Ok(Inferred::shape(Shape::floats(vec![rows.clone(), columns.clone()])))
}

fn unequal(cx: &Context<'_>, a: &Arrival, b: &Arrival) -> Problem {
    Problem::new(format!(
        "`{}` multiplies [rows, inner] by [inner, columns], but {} {}, and {} {}",
        cx.layer, a.origin, a.shape, b.origin, b.shape
    ))
    .help("the last size of the first must be the first size of the second")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::layers::testing::join;

    #[test]
    fn rows_by_columns() {
        let got = join(&DEF, "matmul", &[3, 8], &[8, 5]).unwrap();
        assert_eq!(got.shape.to_string(), "[3, 5]");
        assert_eq!(
            join(&DEF, "matmul", &[3, 8], &[7, 5]).unwrap_err().text,
            "`matmul` multiplies [rows, inner] by [inner, columns], but `Conv2d` (line 8) gives \
             [3, 8], and `MaxPool2d` before it (line 5) gives [7, 5]"
        );
        let text = join(&DEF, "matmul", &[3, 8], &[8]).unwrap_err().text;
        assert!(text.starts_with("`matmul` takes two matrices, [rows, inner] and"), "{text}");
        assert!(text.ends_with("`MaxPool2d` before it (line 5) gives [8]"), "{text}");
    }
}
