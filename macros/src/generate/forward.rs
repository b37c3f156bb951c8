//! `forward` and its relatives, for a batch of any size and for one sample.

use super::{Code, outputs, skeleton};
use netwright_spec::Shape;
use proc_macro2::TokenStream;
use quote::quote;

/// The inherent methods.
pub(super) fn methods(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let consts = code.generics();
    let this = code.self_type();
    quote! {
        impl<#consts #float: #p::Float, #device: #p::Backend<#float>> #this {
            /// The inference form: dropout passes, batch normalization uses its running
            /// statistics. Takes a batch of any size (`usize` or `Const<N>`) or one sample, with
            /// or without a tape.
            ///
            /// # Panics
            /// Where [`try_forward`](Self::try_forward) gives an error.
            #[track_caller]
            pub fn forward<X>(&self, input: X) -> <Self as #p::Forward<X>>::Output
            where
                Self: #p::Forward<X>,
            {
                #p::expect(#p::Forward::infer(self, input))
            }

            /// As [`forward`](Self::forward), with failures as an error: an index out of range,
            /// no memory left.
            pub fn try_forward<X>(
                &self,
                input: X,
            ) -> #p::Result<<Self as #p::Forward<X>>::Output>
            where
                Self: #p::Forward<X>,
            {
                #p::Forward::infer(self, input)
            }

            /// The training form: dropout drops, batch normalization uses the batch's statistics
            /// and moves its running ones.
            ///
            /// # Panics
            /// Where [`try_forward_mut`](Self::try_forward_mut) gives an error.
            #[track_caller]
            pub fn forward_mut<X>(&mut self, input: X) -> <Self as #p::Forward<X>>::Output
            where
                Self: #p::Forward<X>,
            {
                #p::expect(#p::Forward::train(self, input))
            }

            /// As [`forward_mut`](Self::forward_mut), with failures as an error.
            pub fn try_forward_mut<X>(
                &mut self,
                input: X,
            ) -> #p::Result<<Self as #p::Forward<X>>::Output>
            where
                Self: #p::Forward<X>,
            {
                #p::Forward::train(self, input)
            }
        }
    }
}

/// The shapes of one sample of the inputs and of the outputs.
fn signature<'a>(code: &Code<'a>) -> Option<(Vec<&'a Shape>, Vec<&'a Shape>)> {
    let net = code.net;
    let inputs = net.inputs.iter().map(|port| port.shape.as_ref());
    let outputs = net.outputs.iter().map(|output| {
        let inferred = output.value.and_then(|value| net.shape(value));
        output.stated.as_ref().map(|(shape, _)| shape).or(inferred)
    });
    Some((inputs.collect::<Option<_>>()?, outputs.collect::<Option<_>>()?))
}

/// `Forward` and dfdx's `Module` and `ModuleMut`.
pub(super) fn implementations(code: &Code<'_>) -> TokenStream {
    let signature = signature(code).filter(|_| !code.net.broken);
    let Some((inputs, outputs)) = signature else { return skeleton::implementations(code) };
    let batch = code.fresh("B");
    let batched = implementation(code, &inputs, &outputs, Some(quote!(#batch)));
    let single = implementation(code, &inputs, &outputs, None);
    quote!(#batched #single)
}

/// The type of a tensor, or of a tuple of several: the first carries the tape.
fn input(code: &Code<'_>, shapes: &[&Shape], axis: Option<&TokenStream>) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let tape = code.fresh("T");
    let tensors = shapes.iter().enumerate().map(|(number, shape)| {
        let axes = axis.cloned().into_iter().chain(code.axes(&shape.dims));
        let unit = if shape.index { quote!(usize) } else { quote!(#float) };
        let tape = (number == 0).then(|| quote!(, #tape));
        quote!(#p::Tensor<(#(#axes,)*), #unit, #device #tape>)
    });
    match shapes {
        [_] => quote!(#(#tensors)*),
        _ => quote!((#(#tensors),*)),
    }
}

/// The type of a tensor, or of the struct of several.
fn output(code: &Code<'_>, shapes: &[&Shape], axis: Option<&TokenStream>) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let (tape, name) = (code.fresh("T"), outputs::name(code));
    let tensors = shapes.iter().map(|shape| {
        let axes = axis.cloned().into_iter().chain(code.axes(&shape.dims));
        quote!(#p::Tensor<(#(#axes,)*), #float, #device, #tape>)
    });
    match shapes {
        [_] => quote!(#(#tensors)*),
        _ => quote!(#name<#(#tensors),*>),
    }
}

fn implementation(
    code: &Code<'_>,
    inputs: &[&Shape],
    outputs: &[&Shape],
    batch: Option<TokenStream>,
) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let consts = code.generics();
    let this = code.self_type();
    let tape = code.fresh("T");
    let axis = batch.iter();
    let (x, y) = (input(code, inputs, batch.as_ref()), output(code, outputs, batch.as_ref()));
    let batched = if batch.is_some() { quote!(Yes) } else { quote!(No) };
    let generics = quote! {
        <#consts #(#axis: #p::Dim,)* #float: #p::Float, #device: #p::Backend<#float>,
        #tape: #p::ModelTape<#float, #device>>
    };
    quote! {
        impl #generics #p::Forward<#x> for #this {
            type Output = #y;
            fn infer(&self, input: #x) -> #p::Result<Self::Output> {
                #p::infer(self, input, #p::Batched::#batched)
            }
            fn train(&mut self, input: #x) -> #p::Result<Self::Output> {
                #p::train(self, input, #p::Batched::#batched)
            }
        }
        impl #generics #p::Module<#x> for #this {
            type Output = #y;
            type Error = #device::Err;
            fn try_forward(&self, input: #x) -> ::core::result::Result<Self::Output, #device::Err> {
                #p::foreign::<#float, #device, _>(#p::Forward::infer(self, input))
            }
        }
        impl #generics #p::ModuleMut<#x> for #this {
            type Output = #y;
            type Error = #device::Err;
            fn try_forward_mut(
                &mut self,
                input: #x,
            ) -> ::core::result::Result<Self::Output, #device::Err> {
                #p::foreign::<#float, #device, _>(#p::Forward::train(self, input))
            }
        }
    }
}
