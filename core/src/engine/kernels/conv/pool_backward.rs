//! The gradients of a convolution with max pooling behind it.

use super::patches::Patches;
use super::pool::{ConvPool, LINE};
use super::sweep::Sweep;
use super::winners::{self, Job, Mask};
use super::{add_bias_gradient, gather, scatter};
use crate::engine::simd::Level;

impl ConvPool {
    /// Adds to the gradients of the weights, in the packing of
    /// [`pack_transposed`](Self::pack_transposed), and of the bias. `y` is the output where the
    /// activation is ReLU.
    #[allow(clippy::too_many_arguments)]
    pub(crate) fn backward_weights(
        &self,
        x: &[f32],
        dy: &[f32],
        y: Option<&[f32]>,
        winners: &[u8],
        dw: &mut [f32],
        db: Option<&mut [f32]>,
        scratch: &mut [f32],
    ) {
        assert_eq!(dw.len(), self.sources.len());
        let (x, scratch) = self.conv.forward.pad.pad(x, scratch);
        let (masked, scratch) = scratch.split_at_mut(self.output_len());
        let gradient = self.masked(dy, y, masked);
        // The kernel only reads the image.
        let job = self.job(x.as_ptr().cast_mut(), dw.as_mut_ptr(), gradient, winners);
        let patches = self.patches(scratch);
        patches.fill(0.0);
        let job = Job { patches: patches.as_mut_ptr(), ..job };
        // SAFETY: the lengths are checked, and the tables were made for them.
        unsafe { gather::weight_gradient(self.level, &job, self.patches.as_ref()) };
        if let Some(db) = db {
            assert_eq!(db.len(), self.output[0]);
            add_bias_gradient(gradient, db);
        }
    }

    /// Overwrites `dx`; `packed` is from [`pack_transposed`](Self::pack_transposed). `y` is the
    /// output where the activation is ReLU.
    pub(crate) fn backward_input(
        &self,
        dy: &[f32],
        y: Option<&[f32]>,
        winners: &[u8],
        packed: &[f32],
        dx: &mut [f32],
        scratch: &mut [f32],
    ) {
        let pad = &self.conv.forward.pad;
        assert_eq!(packed.len(), self.sources.len());
        assert_eq!(dx.len(), pad.len());
        let (padded, scratch) = scratch.split_at_mut(pad.scratch_len());
        let (masked, scratch) = scratch.split_at_mut(self.output_len());
        let gradient = self.masked(dy, y, masked);
        let (lists, scratch) = scratch.split_at_mut(self.area() * self.output[0]);
        let (lists, patches) = (lists.as_mut_ptr().cast(), self.patches(scratch).as_mut_ptr());
        let image = if pad.is_empty() { &mut *dx } else { &mut *padded };
        image.fill(0.0);
        // The kernel only reads the weights.
        let job = self.job(image.as_mut_ptr(), packed.as_ptr().cast_mut(), gradient, winners);
        // SAFETY: the lengths are checked, and the tables were made for them.
        unsafe {
            let job = Job { lists, patches, ..job };
            scatter::input_gradient(self.level, &job, self.patches.as_ref());
        }
        if !pad.is_empty() {
            pad.crop(padded, dx);
        }
    }

    /// Room for the patches from the scratch, from a cache line on.
    fn patches<'a>(&self, scratch: &'a mut [f32]) -> &'a mut [f32] {
        let len = self.patches.as_ref().map_or(0, Patches::len);
        let skip = scratch.as_ptr().align_offset(4 * LINE).min(LINE);
        &mut scratch[skip..skip + len]
    }

    /// The gradient before the activation.
    fn masked<'a>(&self, dy: &'a [f32], y: Option<&[f32]>, scratch: &'a mut [f32]) -> &'a [f32] {
        assert_eq!(dy.len(), self.output_len());
        let Some(y) = y else { return dy };
        assert_eq!(y.len(), dy.len());
        let to = &mut scratch[..dy.len()];
        let job = Mask { dy: dy.as_ptr(), y: y.as_ptr(), to: to.as_mut_ptr(), len: dy.len() };
        // SAFETY: all have one length.
        unsafe { winners::mask(Level::best(), &job) };
        to
    }

    fn job<'a>(
        &'a self,
        image: *mut f32,
        weights: *mut f32,
        gradient: &[f32],
        winners: &[u8],
    ) -> Job<'a> {
        assert_eq!(winners.len(), gradient.len());
        let Sweep { group_from, group_to, .. } = self.conv.forward;
        Job {
            image,
            weights,
            gradient: gradient.as_ptr(),
            winners: winners.as_ptr(),
            windows: &self.windows,
            range: (0, self.windows.bases.len()),
            channels: self.output[0],
            group_out: group_to,
            group_in: group_from,
            patches: std::ptr::null_mut(),
            lists: std::ptr::null_mut(),
        }
    }
}
