#[doc = " Two layers."] #[doc = ""] #[doc = "| layer | | output | parameters |"] #[doc = "| --- | --- | --- | ---: |"] #[doc = "| input | | `[SIDE, 2]` | |"] #[doc = "| flatten_1 | Flatten | `[SIDE * 2]` |  |"] #[doc = "| fc | Linear | `[CLASSES]` | computed |"] #[doc = ""] #[derive(::core::clone::Clone)] pub struct Small<const CLASSES: usize, E :::netwright::__private::Dtype = f32, D :::netwright::__private::Device<E> =::netwright::__private::Cpu> {
    #[doc = "`Linear` -> `[CLASSES]`: A linear map of the last axis, y = x·Wᵀ + b."] pub fc :::netwright::__private::layers::Linear <::netwright::__private::Tensor<(::netwright::__private::Const<CLASSES>,::netwright::__private::Const<{
       ::netwright::__private::size::mul(SIDE, 2)
    }
   >,), E, D>,::netwright::__private::Tensor<(::netwright::__private::Const<CLASSES>,), E, D>>, #[doc(hidden)] __state :::netwright::__private::State<E, D>,
}
impl<const CLASSES: usize, E :::netwright::__private::Dtype, D :::netwright::__private::Device<E>>::core::fmt::Debug for Small<CLASSES, E, D> {
    fn fmt(&self, f: &mut::core::fmt::Formatter<'_>) ->::core::fmt::Result {
       ::netwright::__private::debug(<Small<CLASSES, f32,::netwright::__private::Cpu>>::GRAPH, f)
    }
}
impl<const CLASSES: usize,> Small<CLASSES, f32,::netwright::__private::Cpu> {
    #[doc = r" The whole network as data: nodes, shapes, parameters, source lines."] pub const GRAPH: &'static::netwright::__private::graph::Graph = &::netwright::__private::graph::Graph {
        name: "Small", inputs: &[::netwright::__private::graph::Port {
            name: "input", shape: &[SIDE, 2], index: false
        }], nodes: &[::netwright::__private::graph::Node {
            name: "flatten_1", kind: "Flatten", inputs: &[0], shape: &[::netwright::__private::size::mul(SIDE, 2)], attrs: &[], params :::netwright::__private::graph::Params {
                first: 0, count: 0
            }
           , line: 3,
        }
       ,::netwright::__private::graph::Node {
            name: "fc", kind: "Linear", inputs: &[1], shape: &[CLASSES], attrs: &[], params :::netwright::__private::graph::Params {
                first: 0, count: 2
            }
           , line: 4,
        }], outputs: &[::netwright::__private::graph::Output {
            name: "output", value: 2
        }], params: &[::netwright::__private::graph::Param {
            name: "fc.weight", shape: &[CLASSES,::netwright::__private::size::mul(SIDE, 2)], init :::netwright::__private::graph::Init::FanIn(::netwright::__private::size::product(&[::netwright::__private::size::mul(SIDE, 2)])), trainable: true,
        }
       ,::netwright::__private::graph::Param {
            name: "fc.bias", shape: &[CLASSES], init :::netwright::__private::graph::Init::FanIn(::netwright::__private::size::product(&[::netwright::__private::size::mul(SIDE, 2)])), trainable: true,
        }],
    }
   ;
    #[doc = r" How many numbers are trained."] pub const PARAMS: usize = Self::GRAPH.trainable();
}
impl<const CLASSES: usize, D :::netwright::__private::Backend<f32>> Small<CLASSES, f32, D> {
    #[doc = r" A network of `f32` on this device, with initial weights that depend on the seed"] #[doc = r" alone."] #[doc = r""] #[doc = r" # Panics"] #[doc = r" If the device has no memory left;
    see [`try_seeded`](Self::try_seeded)."] #[track_caller] pub fn seeded(device: &D, seed: u64) -> Self {
       ::netwright::__private::expect(Self::init(device, seed))
    }
    #[doc = r" As [`seeded`](Self::seeded), with a device's failure as an error."] pub fn try_seeded(device: &D, seed: u64) ->::netwright::__private::Result<Self> {
        Self::init(device, seed)
    }
}
impl<const CLASSES: usize, E :::netwright::__private::Float, D :::netwright::__private::Backend<E>> Small<CLASSES, E, D> {
    #[doc = r" A network of any float type on this device: `Net::<f64, _>::init(&device, 42)?`."] pub fn init(device: &D, seed: u64) ->::netwright::__private::Result<Self> {
        let mut net = Self {
            fc :::netwright::__private::layers::Linear {
                weight :::netwright::__private::zeros(device) ?, bias :::netwright::__private::zeros(device) ?
            }
           , __state :::core::default::Default::default(),
        }
       ;
       ::netwright::__private::initialize(&mut net, seed) ?;
       ::core::result::Result::Ok(net)
    }
}
impl<const CLASSES: usize, E :::netwright::__private::Float, D :::netwright::__private::Backend<E>>::netwright::__private::Model<E, D> for Small<CLASSES, E, D> {
    fn graph(&self) -> &'static::netwright::__private::graph::Graph {
       <Small<CLASSES, f32,::netwright::__private::Cpu>>::GRAPH
    }
    fn tensors(&self) ->::std::vec::Vec<&dyn::netwright::__private::AnyTensor<E, D>> {
       ::std::vec! [&self.fc.weight, &self.fc.bias]
    }
    fn tensors_mut(&mut self) ->::std::vec::Vec<&mut dyn::netwright::__private::AnyTensor<E, D>> {
       ::std::vec! [&mut self.fc.weight, &mut self.fc.bias]
    }
    fn state(&mut self) -> &mut::netwright::__private::State<E, D> {
        &mut self.__state
    }
}
impl<const CLASSES: usize, E :::netwright::__private::Float, D :::netwright::__private::Backend<E>> Small<CLASSES, E, D> {
    #[doc = r" The inference form: dropout passes, batch normalization uses its running"] #[doc = r" statistics. Takes a batch of any size(`usize` or `Const<N>`) or one sample, with"] #[doc = r" or without a tape."] #[doc = r""] #[doc = r" # Panics"] #[doc = r" Where [`try_forward`](Self::try_forward) gives an error."] #[track_caller] pub fn forward<X>(&self, input: X) -><Self as::netwright::__private::Forward<X>>::Output where Self :::netwright::__private::Forward<X>, {
       ::netwright::__private::expect(::netwright::__private::Forward::infer(self, input))
    }
    #[doc = r" As [`forward`](Self::forward), with failures as an error: an index out of range,"] #[doc = r" no memory left."] pub fn try_forward<X>(&self, input: X,) ->::netwright::__private::Result <<Self as::netwright::__private::Forward<X>>::Output> where Self :::netwright::__private::Forward<X>, {
       ::netwright::__private::Forward::infer(self, input)
    }
    #[doc = r" The training form: dropout drops, batch normalization uses the batch's statistics"] #[doc = r" and moves its running ones."] #[doc = r""] #[doc = r" # Panics"] #[doc = r" Where [`try_forward_mut`](Self::try_forward_mut) gives an error."] #[track_caller] pub fn forward_mut<X>(&mut self, input: X) -><Self as::netwright::__private::Forward<X>>::Output where Self :::netwright::__private::Forward<X>, {
       ::netwright::__private::expect(::netwright::__private::Forward::train(self, input))
    }
    #[doc = r" As [`forward_mut`](Self::forward_mut), with failures as an error."] pub fn try_forward_mut<X>(&mut self, input: X,) ->::netwright::__private::Result <<Self as::netwright::__private::Forward<X>>::Output> where Self :::netwright::__private::Forward<X>, {
       ::netwright::__private::Forward::train(self, input)
    }
}
impl<const CLASSES: usize, B :::netwright::__private::Dim, E :::netwright::__private::Float, D :::netwright::__private::Backend<E>, T :::netwright::__private::ModelTape<E, D>>::netwright::__private::Forward <::netwright::__private::Tensor<(B,::netwright::__private::Const<{
    SIDE
}
>,::netwright::__private::Const<2>,), E, D, T>> for Small<CLASSES, E, D> {
    type Output =::netwright::__private::Tensor<(B,::netwright::__private::Const<CLASSES>,), E, D, T>;
    fn infer(&self, input :::netwright::__private::Tensor<(B,::netwright::__private::Const<{
        SIDE
    }
   >,::netwright::__private::Const<2>,), E, D, T>) ->::netwright::__private::Result<Self::Output> {
       ::netwright::__private::infer(self, input,::netwright::__private::Batched::Yes)
    }
    fn train(&mut self, input :::netwright::__private::Tensor<(B,::netwright::__private::Const<{
        SIDE
    }
   >,::netwright::__private::Const<2>,), E, D, T>) ->::netwright::__private::Result<Self::Output> {
       ::netwright::__private::train(self, input,::netwright::__private::Batched::Yes)
    }
}
impl<const CLASSES: usize, B :::netwright::__private::Dim, E :::netwright::__private::Float, D :::netwright::__private::Backend<E>, T :::netwright::__private::ModelTape<E, D>>::netwright::__private::Module <::netwright::__private::Tensor<(B,::netwright::__private::Const<{
    SIDE
}
>,::netwright::__private::Const<2>,), E, D, T>> for Small<CLASSES, E, D> {
    type Output =::netwright::__private::Tensor<(B,::netwright::__private::Const<CLASSES>,), E, D, T>;
    type Error = D::Err;
    fn try_forward(&self, input :::netwright::__private::Tensor<(B,::netwright::__private::Const<{
        SIDE
    }
   >,::netwright::__private::Const<2>,), E, D, T>) ->::core::result::Result<Self::Output, D::Err> {
       ::netwright::__private::foreign::<E, D, _>(::netwright::__private::Forward::infer(self, input))
    }
}
impl<const CLASSES: usize, B :::netwright::__private::Dim, E :::netwright::__private::Float, D :::netwright::__private::Backend<E>, T :::netwright::__private::ModelTape<E, D>>::netwright::__private::ModuleMut <::netwright::__private::Tensor<(B,::netwright::__private::Const<{
    SIDE
}
>,::netwright::__private::Const<2>,), E, D, T>> for Small<CLASSES, E, D> {
    type Output =::netwright::__private::Tensor<(B,::netwright::__private::Const<CLASSES>,), E, D, T>;
    type Error = D::Err;
    fn try_forward_mut(&mut self, input :::netwright::__private::Tensor<(B,::netwright::__private::Const<{
        SIDE
    }
   >,::netwright::__private::Const<2>,), E, D, T>,) ->::core::result::Result<Self::Output, D::Err> {
       ::netwright::__private::foreign::<E, D, _>(::netwright::__private::Forward::train(self, input))
    }
}
impl<const CLASSES: usize, E :::netwright::__private::Float, D :::netwright::__private::Backend<E>, T :::netwright::__private::ModelTape<E, D>>::netwright::__private::Forward <::netwright::__private::Tensor<(::netwright::__private::Const<{
    SIDE
}
>,::netwright::__private::Const<2>,), E, D, T>> for Small<CLASSES, E, D> {
    type Output =::netwright::__private::Tensor<(::netwright::__private::Const<CLASSES>,), E, D, T>;
    fn infer(&self, input :::netwright::__private::Tensor<(::netwright::__private::Const<{
        SIDE
    }
   >,::netwright::__private::Const<2>,), E, D, T>) ->::netwright::__private::Result<Self::Output> {
       ::netwright::__private::infer(self, input,::netwright::__private::Batched::No)
    }
    fn train(&mut self, input :::netwright::__private::Tensor<(::netwright::__private::Const<{
        SIDE
    }
   >,::netwright::__private::Const<2>,), E, D, T>) ->::netwright::__private::Result<Self::Output> {
       ::netwright::__private::train(self, input,::netwright::__private::Batched::No)
    }
}
impl<const CLASSES: usize, E :::netwright::__private::Float, D :::netwright::__private::Backend<E>, T :::netwright::__private::ModelTape<E, D>>::netwright::__private::Module <::netwright::__private::Tensor<(::netwright::__private::Const<{
    SIDE
}
>,::netwright::__private::Const<2>,), E, D, T>> for Small<CLASSES, E, D> {
    type Output =::netwright::__private::Tensor<(::netwright::__private::Const<CLASSES>,), E, D, T>;
    type Error = D::Err;
    fn try_forward(&self, input :::netwright::__private::Tensor<(::netwright::__private::Const<{
        SIDE
    }
   >,::netwright::__private::Const<2>,), E, D, T>) ->::core::result::Result<Self::Output, D::Err> {
       ::netwright::__private::foreign::<E, D, _>(::netwright::__private::Forward::infer(self, input))
    }
}
impl<const CLASSES: usize, E :::netwright::__private::Float, D :::netwright::__private::Backend<E>, T :::netwright::__private::ModelTape<E, D>>::netwright::__private::ModuleMut <::netwright::__private::Tensor<(::netwright::__private::Const<{
    SIDE
}
>,::netwright::__private::Const<2>,), E, D, T>> for Small<CLASSES, E, D> {
    type Output =::netwright::__private::Tensor<(::netwright::__private::Const<CLASSES>,), E, D, T>;
    type Error = D::Err;
    fn try_forward_mut(&mut self, input :::netwright::__private::Tensor<(::netwright::__private::Const<{
        SIDE
    }
   >,::netwright::__private::Const<2>,), E, D, T>,) ->::core::result::Result<Self::Output, D::Err> {
       ::netwright::__private::foreign::<E, D, _>(::netwright::__private::Forward::train(self, input))
    }
}
impl<const CLASSES: usize, E :::netwright::__private::Float, D :::netwright::__private::Device<E>>::netwright::__private::TensorCollection<E, D> for Small<CLASSES, E, D> {
    type To<E2 :::netwright::__private::Dtype, D2 :::netwright::__private::Device<E2>> = Small<CLASSES, E2, D2>;
    fn iter_tensors<V :::netwright::__private::ModuleVisitor<Self, E, D>>(visitor: &mut V,) ->::core::result::Result <::core::option::Option<Self::To<V::E2, V::D2>>, V::Err,> {
        visitor.visit_fields((Self::tensor("fc.weight", | net | &net.fc.weight, | net | &mut net.fc.weight,::netwright::__private::TensorOptions::reset_with(| t |::netwright::__private::reset(<Small<CLASSES, f32,::netwright::__private::Cpu>>::GRAPH, 0, t)),), Self::tensor("fc.bias", | net | &net.fc.bias, | net | &mut net.fc.bias,::netwright::__private::TensorOptions::reset_with(| t |::netwright::__private::reset(<Small<CLASSES, f32,::netwright::__private::Cpu>>::GRAPH, 1, t)),),), |(t0, t1,) | Small {
            fc :::netwright::__private::layers::Linear {
                weight: t0, bias: t1
            }
           , __state :::core::default::Default::default(),
        }
       ,)
    }
}
const _ :() = {
    const __CHECK_0: bool = SIDE>= 1;
    const _ :() =::core::assert! {
        __CHECK_0, "{}", "the size `SIDE` must be at least 1"
    }
   ;
}
;
