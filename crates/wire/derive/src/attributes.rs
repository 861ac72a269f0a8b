//! What a struct declares, read from its syntax.

use syn::meta::ParseNestedMeta;
use syn::spanned::Spanned;
use syn::{
    Attribute, Data, DeriveInput, Error, Expr, ExprRange, Fields, Generics, Ident, LitInt, RangeLimits, Result, Type,
};

/// A struct with its attributes.
pub struct Struct<'i> {
    pub name: &'i Ident,
    pub generics: &'i Generics,
    pub api: Option<Api>,
    pub fields: Vec<Field<'i>>,
}

/// What only a request or response declares.
pub struct Api {
    /// `Request` or `Response`: the trait that marks it.
    pub marker: Ident,
    pub key: LitInt,
    pub versions: VersionRange,
    pub flexible: Option<LitInt>,
}

/// One field with its attributes.
pub struct Field<'i> {
    pub name: &'i Ident,
    pub ty: &'i Type,
    pub versions: VersionRange,
    pub nullable: Option<VersionRange>,
    pub default: Option<Expr>,
    pub tag: Option<LitInt>,
}

/// A range of versions, both ends included; an absent end is open.
#[derive(Default)]
pub struct VersionRange {
    pub min: Option<LitInt>,
    pub max: Option<LitInt>,
}

impl<'i> Struct<'i> {
    pub fn of(input: &'i DeriveInput) -> Result<Self> {
        let Data::Struct(data) = &input.data else {
            return Err(Error::new(input.span(), "a message is a struct"));
        };
        let fields = match &data.fields {
            Fields::Named(fields) => fields.named.iter().map(Field::of).collect::<Result<Vec<_>>>()?,
            Fields::Unit => Vec::new(),
            Fields::Unnamed(_) => return Err(Error::new(input.span(), "the fields of a message have names")),
        };
        Ok(Struct { name: &input.ident, generics: &input.generics, api: Api::of(input)?, fields })
    }

    pub fn plain(&self) -> impl Iterator<Item = &Field<'i>> {
        self.fields.iter().filter(|field| field.tag.is_none())
    }

    /// The tagged fields with their tags, in ascending order.
    pub fn tagged(&self) -> Vec<(&LitInt, &Field<'i>)> {
        let mut tagged: Vec<_> = self.fields.iter().filter_map(|field| Some((field.tag.as_ref()?, field))).collect();
        tagged.sort_by_key(|(tag, _)| tag.base10_parse::<u32>().unwrap_or(u32::MAX));
        tagged
    }
}

impl Api {
    fn of(input: &DeriveInput) -> Result<Option<Self>> {
        let (mut marker, mut key, mut versions, mut flexible) = (None, None, None, None);
        each_item(&input.attrs, |meta| {
            match name(meta)?.as_str() {
                "request" => marker = Some(Ident::new("Request", meta.path.span())),
                "response" => marker = Some(Ident::new("Response", meta.path.span())),
                "key" => key = Some(meta.value()?.parse()?),
                "versions" => versions = Some(VersionRange::parse(meta)?),
                "flexible" => flexible = VersionRange::parse(meta)?.min,
                _ => return Err(meta.error("expected request, response, key, versions or flexible")),
            }
            Ok(())
        })?;
        match (marker, key, versions) {
            (None, None, None) => Ok(None),
            (Some(marker), Some(key), Some(versions)) => Ok(Some(Api { marker, key, versions, flexible })),
            _ => Err(Error::new(input.ident.span(), "a request or response has a kind, a key and versions")),
        }
    }
}

impl<'i> Field<'i> {
    fn of(field: &'i syn::Field) -> Result<Self> {
        let name = field.ident.as_ref().ok_or_else(|| Error::new(field.span(), "the field has no name"))?;
        let versions = VersionRange::default();
        let mut this = Field { name, ty: &field.ty, versions, nullable: None, default: None, tag: None };
        each_item(&field.attrs, |meta| this.take(meta))?;
        Ok(this)
    }

    fn take(&mut self, meta: &ParseNestedMeta<'_>) -> Result<()> {
        match name(meta)?.as_str() {
            "versions" => self.versions = VersionRange::parse(meta)?,
            "nullable" => self.nullable = Some(VersionRange::parse(meta)?),
            "default" => self.default = Some(meta.value()?.parse()?),
            "tag" => self.tag = Some(meta.value()?.parse()?),
            _ => return Err(meta.error("expected versions, nullable, default or tag")),
        }
        Ok(())
    }
}

impl VersionRange {
    fn parse(meta: &ParseNestedMeta<'_>) -> Result<Self> {
        let range: ExprRange = meta.value()?.parse()?;
        match (&range.limits, &range.end) {
            (RangeLimits::HalfOpen(dots), Some(_)) => {
                Err(Error::new(dots.span(), "version ranges include their end: `..=`"))
            }
            _ => Ok(VersionRange { min: end(range.start)?, max: end(range.end)? }),
        }
    }
}

/// One end of a range, which is a number when it is there.
fn end(end: Option<Box<Expr>>) -> Result<Option<LitInt>> {
    match end.as_deref() {
        None => Ok(None),
        Some(Expr::Lit(syn::ExprLit { lit: syn::Lit::Int(number), .. })) => Ok(Some(number.clone())),
        Some(other) => Err(Error::new(other.span(), "a version is a number")),
    }
}

/// Calls `take` for every item within `#[kafka(..)]`.
fn each_item(attributes: &[Attribute], mut take: impl FnMut(&ParseNestedMeta<'_>) -> Result<()>) -> Result<()> {
    let mut kafka = attributes.iter().filter(|attribute| attribute.path().is_ident("kafka"));
    kafka.try_for_each(|attribute| attribute.parse_nested_meta(|meta| take(&meta)))
}

fn name(meta: &ParseNestedMeta<'_>) -> Result<String> {
    meta.path.get_ident().map(Ident::to_string).ok_or_else(|| meta.error("expected a name"))
}
