//! The code that a declaration stands for.

use proc_macro2::{Span, TokenStream};
use quote::quote;
use syn::{Lifetime, LitInt};

use crate::attributes::{Api, Field, Struct, VersionRange};

pub fn expand(declared: &Struct<'_>) -> TokenStream {
    let name = declared.name;
    let (_, ty, bounds) = declared.generics.split_for_impl();
    let lifetime = match declared.generics.lifetimes().next() {
        Some(parameter) => parameter.lifetime.clone(),
        None => Lifetime::new("'wire", Span::call_site()),
    };
    let (generics, ..) = declared.generics.split_for_impl();
    let (default, decode, encode) = (default(declared), decode(declared), encode(declared));
    let api = declared.api.as_ref().map(|api| implement_api(declared, api));
    quote! {
        impl #generics ::core::default::Default for #name #ty #bounds {
            fn default() -> Self {
                #default
            }
        }

        impl<#lifetime> ::wire::Message<#lifetime> for #name #ty #bounds {
            fn decode(r: &mut ::wire::Reader<#lifetime>, version: i16) -> Result<Self, ::wire::DecodeError> {
                #decode
            }

            fn encode(&self, w: &mut ::wire::Writer<'_>, version: i16) {
                #encode
            }
        }

        #api
    }
}

fn implement_api(declared: &Struct<'_>, api: &Api) -> TokenStream {
    let (name, marker, key) = (declared.name, &api.marker, &api.key);
    let (generics, ty, bounds) = declared.generics.split_for_impl();
    let (min, max) = (&api.versions.min, &api.versions.max);
    let flexible = match &api.flexible {
        Some(flexible) => quote!(#flexible),
        None => quote!(i16::MAX),
    };
    quote! {
        impl #generics ::wire::Api for #name #ty #bounds {
            const API_KEY: ::wire::ApiKey = ::wire::ApiKey(#key);
            const VERSIONS: ::wire::Versions = ::wire::Versions { min: #min, max: #max };
            const FLEXIBLE: i16 = #flexible;
        }

        impl #generics ::wire::#marker for #name #ty #bounds {}
    }
}

fn default(declared: &Struct<'_>) -> TokenStream {
    let fields = declared.fields.iter().map(|field| {
        let (name, value) = (field.name, field_default(field));
        quote!(#name: #value)
    });
    quote!(Self { #(#fields,)* })
}

fn field_default(field: &Field<'_>) -> TokenStream {
    match &field.default {
        Some(value) => quote!(#value),
        None => quote!(::core::default::Default::default()),
    }
}

fn decode(declared: &Struct<'_>) -> TokenStream {
    let begin = begin(declared, "r").map(|begin| quote!(#begin?;));
    let fields = declared.fields.iter().map(|field| {
        let (name, value) = (field.name, decode_field(declared, field));
        quote!(#name: #value)
    });
    let tagged = declared.tagged();
    if tagged.is_empty() {
        return quote! {
            #begin
            let this = Self { #(#fields,)* };
            r.skip_tags()?;
            Ok(this)
        };
    }
    let arms = tagged.iter().map(|(tag, field)| decode_tagged(declared, tag, field));
    quote! {
        #begin
        let mut this = Self { #(#fields,)* };
        for _ in 0..r.tag_count()? {
            let (tag, mut r) = r.tagged()?;
            match tag {
                #(#arms)*
                _ => {}
            }
        }
        Ok(this)
    }
}

/// The value of a field where the struct is made: read, or the default of a tagged or absent one.
fn decode_field(declared: &Struct<'_>, field: &Field<'_>) -> TokenStream {
    let default = field_default(field);
    if field.tag.is_some() {
        return default;
    }
    let read = read(declared, field);
    match condition(&field.versions) {
        Some(condition) => quote!(if #condition { #read? } else { #default }),
        None => quote!(#read?),
    }
}

/// A tag that the struct has in other versions only is refused, as Kafka does.
fn decode_tagged(declared: &Struct<'_>, tag: &LitInt, field: &Field<'_>) -> TokenStream {
    let (name, full_name, read) = (field.name, full_name(declared, field), read(declared, field));
    let other_versions = condition(&field.versions).map(|condition| {
        quote! {
            #tag if !(#condition) => return Err(r.error(::wire::Reason::TagVersion).in_field(#full_name)),
        }
    });
    quote! {
        #other_versions
        #tag => {
            this.#name = #read?;
            r.finish().map_err(|error| error.in_field(#full_name))?;
        }
    }
}

fn read(declared: &Struct<'_>, field: &Field<'_>) -> TokenStream {
    let name = full_name(declared, field);
    match field.nullable.as_ref().and_then(condition) {
        Some(nullable) => quote!(r.nullable_field(#name, version, #nullable)),
        None => quote!(r.field(#name, version)),
    }
}

fn encode(declared: &Struct<'_>) -> TokenStream {
    let begin = begin(declared, "w").map(|begin| quote!(#begin;));
    let fields = declared.plain().map(|field| {
        let write = write(declared, field);
        match condition(&field.versions) {
            Some(condition) => quote!(if #condition { #write }),
            None => write,
        }
    });
    let tags = encode_tags(declared);
    quote! {
        #begin
        #(#fields)*
        #tags
    }
}

fn write(declared: &Struct<'_>, field: &Field<'_>) -> TokenStream {
    let name = field.name;
    match field.nullable.as_ref().and_then(condition) {
        Some(nullable) => {
            let full_name = full_name(declared, field);
            quote!(w.nullable_field(#full_name, &self.#name, version, #nullable);)
        }
        None => quote!(::wire::Field::write(&self.#name, w, version);),
    }
}

/// The tagged fields that the version has and that differ from their default, after their number.
fn encode_tags(declared: &Struct<'_>) -> TokenStream {
    let tagged = declared.tagged();
    let present = tagged.iter().map(|(_, field)| {
        let (name, ty, default) = (field.name, field.ty, field_default(field));
        let condition = condition(&field.versions).map(|condition| quote!(#condition &&));
        quote!({
            let default: #ty = #default;
            #condition self.#name != default
        })
    });
    let writes = tagged.iter().enumerate().map(|(index, (tag, field))| {
        let name = field.name;
        quote! {
            if present[#index] {
                w.tagged(#tag, &self.#name, version);
            }
        }
    });
    if tagged.is_empty() {
        return quote!(w.tag_count(0););
    }
    quote! {
        if w.is_flexible() {
            let present = [#(#present),*];
            w.tag_count(present.iter().map(|&present| u32::from(present)).sum());
            #(#writes)*
        }
    }
}

/// A request or response checks its version and chooses the form; a nested struct is in the midst of one.
fn begin(declared: &Struct<'_>, direction: &str) -> Option<TokenStream> {
    let direction = syn::Ident::new(direction, Span::call_site());
    let api = quote!(<Self as ::wire::Api>);
    declared.api.as_ref().map(|_| quote!(#direction.begin(version, #api::VERSIONS, #api::FLEXIBLE)))
}

/// Whether `version` is in the range; `None` when every version is.
fn condition(versions: &VersionRange) -> Option<TokenStream> {
    match (&versions.min, &versions.max) {
        (None, None) => None,
        (Some(min), None) => Some(quote!(version >= #min)),
        (None, Some(max)) => Some(quote!(version <= #max)),
        (Some(min), Some(max)) => Some(quote!((#min..=#max).contains(&version))),
    }
}

fn full_name(declared: &Struct<'_>, field: &Field<'_>) -> String {
    format!("{}.{}", declared.name, field.name)
}
