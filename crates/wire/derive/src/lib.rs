//! The Message derive: turns a struct's declaration into its versioned Kafka encoding.
//!
//! It implements `wire::Message` and `Default`, and `wire::Api` for a request or response. On such a struct:
//!
//! ```text
//! #[kafka(request, key = 0, versions = 3..=13, flexible = 9..)]   // or `response`; without `flexible`: never
//! ```
//!
//! A nested struct needs no attribute: it takes version and form from the message it is in. On a field:
//!
//! - `versions = 4..`, `8..=10` or `..=12`: the versions that have the field; all if absent.
//! - `nullable = 9..`: the versions in which an `Option` field may be null; all if absent.
//! - `default = -1`: its value where the version does not have it, and in `Default`; that of the type if absent.
//! - `tag = 0`: a tagged field (KIP-482): optional, written only when it differs from its default.

mod attributes;
mod expand;

use proc_macro::TokenStream;

/// Derives `wire::Message`; see the crate's documentation for the attributes.
#[proc_macro_derive(Message, attributes(kafka))]
pub fn derive_message(input: TokenStream) -> TokenStream {
    let input = syn::parse_macro_input!(input as syn::DeriveInput);
    match attributes::Struct::of(&input) {
        Ok(declared) => expand::expand(&declared).into(),
        Err(error) => error.into_compile_error().into(),
    }
}
