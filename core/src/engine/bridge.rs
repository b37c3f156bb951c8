//! dfdx's tensors as slices, without copies: the one place that goes around its types.

use dfdx::prelude::*;

/// All elements of a flat tensor.
///
/// # Panics
/// If it is not contiguous, which [`erase`](crate::value::erase) sees to.
#[cfg_attr(not(feature = "engine"), allow(dead_code))]
pub(crate) fn slice(tensor: &Tensor<(usize,), f32, Cpu>) -> &[f32] {
    let count = tensor.shape().0;
    if count == 0 {
        return &[];
    }
    let (first, last) = (&raw const tensor[[0]], &raw const tensor[[count - 1]]);
    assert_eq!(first.wrapping_add(count - 1), last, "the tensor is not contiguous");
    // SAFETY: dfdx keeps the elements in one vector, of which the indexing above, which it checks,
    // proved that `first` and `last` are elements; they are `count - 1` apart, so `count` floats
    // lie between. The vector lives and stays unchanged as long as `tensor` is borrowed.
    unsafe { std::slice::from_raw_parts(first, count) }
}

/// All elements of a contiguous tensor, to be changed in place; `None` for any other. If its memory
/// is shared, with another handle on the tensor, it gets a copy of its own first.
pub(crate) fn slice_mut<S: Shape>(tensor: &mut Tensor<S, f32, Cpu>) -> Option<&mut [f32]> {
    let count = tensor.shape().num_elements();
    if count == 0 {
        return Some(&mut []);
    }
    if !contiguous(tensor) {
        return None;
    }
    let first: *mut f32 = &mut tensor[S::Concrete::default()];
    // SAFETY: dfdx keeps the elements in one vector; `contiguous` found `count` of its elements side
    // by side from this first one. Taking the first for a change made the vector this tensor's
    // own, so nobody else sees it while `tensor` is borrowed. (The pointer comes from a borrow of
    // one element, the only one that dfdx gives, and reaches further inside the same allocation:
    // LLVM and Tree Borrows allow that.)
    Some(unsafe { std::slice::from_raw_parts_mut(first, count) })
}

/// Whether a tensor with elements has them in row-major order without gaps: one step along each
/// axis is as long as all later axes.
fn contiguous<S: Shape>(tensor: &Tensor<S, f32, Cpu>) -> bool {
    let sizes = tensor.shape().concrete();
    let first: *const f32 = &tensor[S::Concrete::default()];
    let mut step = 1;
    (0..S::NUM_DIMS).rev().all(|axis| {
        let mut next = S::Concrete::default();
        next[axis] = sizes[axis] - 1;
        let fits = first.wrapping_add(step * (sizes[axis] - 1)) == &raw const tensor[next];
        step *= sizes[axis];
        fits
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn slices_are_the_elements_and_write_through() {
        let device = Cpu::default();
        let flat = device.tensor_from_vec(vec![1.0, 2.0, 3.0], (3,));
        assert_eq!(slice(&flat), [1.0, 2.0, 3.0]);
        let empty: Tensor<(usize,), f32, _> = device.zeros_like(&(0,));
        assert_eq!(slice(&empty), [0.0; 0]);
        let mut typed = device.tensor([[1.0, 2.0], [3.0, 4.0]]);
        let other = typed.clone();
        slice_mut(&mut typed).unwrap()[2] = 7.0;
        assert_eq!(typed.array(), [[1.0, 2.0], [7.0, 4.0]]);
        assert_eq!(other.array(), [[1.0, 2.0], [3.0, 4.0]]);
        let before = slice_mut(&mut typed).unwrap().as_ptr();
        assert_eq!(slice_mut(&mut typed).unwrap().as_ptr(), before);
        let mut scalar = device.tensor(5.0);
        slice_mut(&mut scalar).unwrap()[0] = 6.0;
        assert_eq!(scalar.array(), 6.0);
    }

    #[test]
    fn what_is_not_contiguous_is_refused() {
        let device = Cpu::default();
        let mut turned: Tensor<Rank2<3, 2>, f32, _> =
            device.sample_normal::<Rank2<2, 3>>().permute();
        assert!(slice_mut(&mut turned).is_none());
        let mut wide: Tensor<Rank2<4, 3>, f32, _> = device.tensor([1.0, 2.0, 3.0]).broadcast();
        assert!(slice_mut(&mut wide).is_none());
    }

    #[test]
    #[should_panic(expected = "not contiguous")]
    fn a_broadcast_is_no_slice() {
        slice(&Cpu::default().tensor(1.0).broadcast_like(&(3,)));
    }
}
