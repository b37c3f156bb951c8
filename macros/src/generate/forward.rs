//! `forward` and its relatives, for a batch of any size and for one sample.

use super::{Code, skeleton};
use crate::ir::Port;
use netwright_spec::Shape;
use proc_macro2::TokenStream;
use quote::quote;

/// The inherent methods.
pub(super) fn methods(code: &Code<'_>) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let consts = code.const_params();
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

/// The shapes of one sample of the input and of the output.
fn signature<'a>(code: &Code<'a>) -> Option<(&'a Shape, &'a Shape)> {
    let net = code.net;
    let [Port { shape: Some(input), .. }] = net.inputs.as_slice() else { return None };
    let output = net.outputs.first()?;
    let inferred = output.value.and_then(|value| net.shape(value));
    Some((input, output.stated.as_ref().map(|(shape, _)| shape).or(inferred)?))
}

/// `Forward` and dfdx's `Module` and `ModuleMut`.
pub(super) fn implementations(code: &Code<'_>) -> TokenStream {
    let signature = signature(code).filter(|_| !code.net.broken);
    let Some((input, output)) = signature else { return skeleton::implementations(code) };
    let batch = code.fresh("B");
    let batched = implementation(code, input, output, Some(quote!(#batch)));
    let single = implementation(code, input, output, None);
    quote!(#batched #single)
}

fn implementation(
    code: &Code<'_>,
    input: &Shape,
    output: &Shape,
    batch: Option<TokenStream>,
) -> TokenStream {
    let Code { p, float, device, .. } = code;
    let consts = code.const_params();
    let this = code.self_type();
    let tape = code.fresh("T");
    let (inputs, outputs) = (code.axes(&input.dims), code.axes(&output.dims));
    let axis = batch.iter();
    let (axis_in, axis_out) = (axis.clone(), axis.clone());
    let unit = if input.index { quote!(usize) } else { quote!(#float) };
    let x = quote!(#p::Tensor<(#(#axis_in,)* #(#inputs,)*), #unit, #device, #tape>);
    let y = quote!(#p::Tensor<(#(#axis_out,)* #(#outputs,)*), #float, #device, #tape>);
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
