//! dfdx's tensors as slices, without copies: the one place that goes around its types.

use crate::backend::Float;
use crate::value::{Ranked, flat};
use dfdx::prelude::*;

/// All elements of a flat tensor.
///
/// # Panics
/// If it is not contiguous, which [`erase`](crate::value::erase) sees to.
pub(crate) fn slice<E: Unit>(tensor: &Tensor<(usize,), E, Cpu>) -> &[E] {
    let count = tensor.shape().0;
    if count == 0 {
        return &[];
    }
    let (first, last) = (&raw const tensor[[0]], &raw const tensor[[count - 1]]);
    assert_eq!(first.wrapping_add(count - 1), last, "the tensor is not contiguous");
    // SAFETY: dfdx keeps the elements in one vector, of which the indexing above, which it checks,
    // proved that `first` and `last` are elements; they are `count - 1` apart, so `count` elements
    // lie between. The vector lives and stays unchanged as long as `tensor` is borrowed.
    unsafe { std::slice::from_raw_parts(first, count) }
}

/// All elements of a contiguous tensor; `None` for any other.
pub(crate) fn slice_of<S: Ranked, E: Float>(tensor: &Tensor<S, E, Cpu>) -> Option<&[E]>
where
    Cpu: Device<E>,
{
    if tensor.shape().concrete().as_ref().contains(&0) {
        return Some(&[]);
    }
    let first = &raw const tensor[S::Concrete::default()];
    let count = count_from(first, tensor.clone().try_realize::<S::Dyn>().ok()?)?;
    // SAFETY: dfdx keeps the elements in one vector, where `count_from` found all `count` of them
    // side by side from this first one; it lives and stays unchanged while `tensor` is borrowed.
    Some(unsafe { std::slice::from_raw_parts(first, count) })
}

/// All elements of a contiguous tensor, to be changed in place; `None` for any other. If its memory
/// is shared, with another handle on the tensor, it gets a copy of its own first.
pub(crate) fn slice_mut<S: Ranked, E: Float>(tensor: &mut Tensor<S, E, Cpu>) -> Option<&mut [E]>
where
    Cpu: Device<E>,
{
    if tensor.shape().concrete().as_ref().contains(&0) {
        return Some(&mut []);
    }
    let own = first(tensor);
    let count = count_from(own, tensor.clone().try_realize::<S::Dyn>().ok()?)?;
    let first = first(tensor);
    // SAFETY: dfdx keeps the elements in one vector, and `first` made the vector this tensor's
    // own, so nobody else sees it while `tensor` is borrowed. `count_from`
    // found all `count` of them side by side from this first one. (The pointer comes from a borrow
    // of one element, the only one that dfdx gives, and reaches further inside the same allocation:
    // LLVM and Tree Borrows allow that.)
    Some(unsafe { std::slice::from_raw_parts_mut(first, count) })
}

/// The first element, in memory that no other handle shares.
fn first<S: Shape, E: Unit>(tensor: &mut Tensor<S, E, Cpu>) -> *mut E {
    &mut tensor[S::Concrete::default()]
}

/// The number of elements if they lie in row-major order from `first`, and are no copy.
/// Compiled once for each rank.
fn count_from<R: Shape, E: Float>(first: *const E, tensor: Tensor<R, E, Cpu>) -> Option<usize>
where
    Cpu: Device<E>,
{
    let flat = flat(tensor).ok()?;
    let data = slice(&flat);
    (data.as_ptr() == first).then_some(data.len())
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
        assert_eq!(slice_of(&typed), Some(&[1.0, 2.0, 3.0, 4.0][..]));
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
        assert!(slice_mut(&mut turned).is_none() && slice_of(&turned).is_none());
        let mut wide: Tensor<Rank2<4, 3>, f32, _> = device.tensor([1.0, 2.0, 3.0]).broadcast();
        assert!(slice_mut(&mut wide).is_none() && slice_of(&wide).is_none());
    }

    #[test]
    #[should_panic(expected = "not contiguous")]
    fn a_broadcast_is_no_slice() {
        slice(&Cpu::default().tensor(1.0).broadcast_like(&(3,)));
    }
}
