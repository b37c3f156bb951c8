//! The kinds of recurrent steps: here for the portable path and the engine's kernels alike.

/// How a state is made of the one before. The formulas stand at the layers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Cell {
    /// A tanh, or a ReLU, of the sum of both products.
    Rnn { relu: bool },
    /// Gates input, forget, new and output, and a memory.
    Lstm,
    /// Gates reset, update and new, the first behind the product.
    Gru,
}

impl Cell {
    /// Rows of the weights for each feature of the state.
    #[allow(dead_code)] // without the engine nobody asks
    pub(crate) fn gates(self) -> usize {
        match self {
            Cell::Rnn { .. } => 1,
            Cell::Gru => 3,
            Cell::Lstm => 4,
        }
    }
}
