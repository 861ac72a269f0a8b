//! How each type that a field may have is written.

use record::Uuid;

use crate::{DecodeError, ErrorCode, Message, Reader, Reason, Writer};

/// A type that a field of a message, or an element of an array, may have.
pub trait Field<'a>: Sized {
    /// The bytes of every value, when all take the same number and any bytes are a value; otherwise 0.
    const FIXED_LEN: usize = 0;

    /// Takes a value.
    ///
    /// # Errors
    /// The bytes are not such a value.
    fn read(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError>;

    /// Appends the value.
    fn write(&self, w: &mut Writer<'_>, version: i16);
}

/// A field type that has a form for null.
pub trait Nullable<'a>: Field<'a> {
    /// Takes a value or null.
    ///
    /// # Errors
    /// The bytes are neither.
    fn read_nullable(r: &mut Reader<'a>, version: i16) -> Result<Option<Self>, DecodeError>;

    /// Appends the value or null.
    fn write_nullable(this: Option<&Self>, w: &mut Writer<'_>, version: i16);
}

impl<'a> Reader<'a> {
    /// Takes a field's value; an error names the field.
    ///
    /// # Errors
    /// The bytes are not such a value.
    #[inline]
    pub fn field<T: Field<'a>>(&mut self, name: &'static str, version: i16) -> Result<T, DecodeError> {
        T::read(self, version).map_err(|error| error.in_field(name))
    }

    /// Takes the value of a field that is nullable in some versions; `allowed` says if in this one.
    ///
    /// # Errors
    /// The bytes are not such a value, or it is null and may not be.
    #[inline]
    pub fn nullable_field<T: Nullable<'a>>(
        &mut self,
        name: &'static str,
        version: i16,
        allowed: bool,
    ) -> Result<Option<T>, DecodeError> {
        match T::read_nullable(self, version) {
            Ok(None) if !allowed => Err(self.error(Reason::Null).in_field(name)),
            read => read.map_err(|error| error.in_field(name)),
        }
    }
}

impl Writer<'_> {
    /// Appends the value of a field that is nullable in some versions; `allowed` says if in this one.
    ///
    /// # Panics
    /// If the value is null and may not be.
    pub fn nullable_field<'f, T: Nullable<'f>>(&mut self, name: &str, value: &Option<T>, version: i16, allowed: bool) {
        assert!(allowed || value.is_some(), "{name} is null, which version {version} cannot say");
        T::write_nullable(value.as_ref(), self, version);
    }
}

impl<'a, T: Nullable<'a>> Field<'a> for Option<T> {
    #[inline]
    fn read(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        T::read_nullable(r, version)
    }

    #[inline]
    fn write(&self, w: &mut Writer<'_>, version: i16) {
        T::write_nullable(self.as_ref(), w, version);
    }
}

impl<'a, T: Message<'a>> Field<'a> for T {
    #[inline]
    fn read(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        T::decode(r, version)
    }

    #[inline]
    fn write(&self, w: &mut Writer<'_>, version: i16) {
        self.encode(w, version);
    }
}

/// A nullable struct is preceded by a marker byte, -1 or 1 (KIP-893).
impl<'a, T: Message<'a>> Nullable<'a> for T {
    fn read_nullable(r: &mut Reader<'a>, version: i16) -> Result<Option<Self>, DecodeError> {
        match i8::read(r, version)? {
            -1 => Ok(None),
            1 => T::decode(r, version).map(Some),
            _ => Err(r.error(Reason::InvalidMarker)),
        }
    }

    fn write_nullable(this: Option<&Self>, w: &mut Writer<'_>, version: i16) {
        match this {
            None => (-1i8).write(w, version),
            Some(this) => {
                1i8.write(w, version);
                this.encode(w, version);
            }
        }
    }
}

macro_rules! numbers {
    ($($number:ty),*) => {$(
        impl Field<'_> for $number {
            const FIXED_LEN: usize = size_of::<$number>();

            #[inline]
            fn read(r: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
                r.take_array().map(Self::from_be_bytes)
            }

            #[inline]
            fn write(&self, w: &mut Writer<'_>, _version: i16) {
                w.raw(&self.to_be_bytes());
            }
        }
    )*};
}
numbers!(i8, i16, i32, i64, u16, f64);

/// Any byte but 0 is true.
impl Field<'_> for bool {
    const FIXED_LEN: usize = 1;

    #[inline]
    fn read(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        i8::read(r, version).map(|byte| byte != 0)
    }

    #[inline]
    fn write(&self, w: &mut Writer<'_>, _version: i16) {
        w.raw(&[u8::from(*self)]);
    }
}

impl Field<'_> for Uuid {
    const FIXED_LEN: usize = 16;

    #[inline]
    fn read(r: &mut Reader<'_>, _version: i16) -> Result<Self, DecodeError> {
        r.take_array().map(Uuid)
    }

    #[inline]
    fn write(&self, w: &mut Writer<'_>, _version: i16) {
        w.raw(&self.0);
    }
}

impl Field<'_> for ErrorCode {
    const FIXED_LEN: usize = 2;

    #[inline]
    fn read(r: &mut Reader<'_>, version: i16) -> Result<Self, DecodeError> {
        i16::read(r, version).map(ErrorCode)
    }

    #[inline]
    fn write(&self, w: &mut Writer<'_>, version: i16) {
        w.note(*self);
        self.0.write(w, version);
    }
}

impl<'a> Field<'a> for &'a str {
    #[inline]
    fn read(r: &mut Reader<'a>, _version: i16) -> Result<Self, DecodeError> {
        r.nullable_string()?.ok_or_else(|| r.error(Reason::Null))
    }

    #[inline]
    fn write(&self, w: &mut Writer<'_>, _version: i16) {
        w.nullable_string(Some(self));
    }
}

impl<'a> Nullable<'a> for &'a str {
    #[inline]
    fn read_nullable(r: &mut Reader<'a>, _version: i16) -> Result<Option<Self>, DecodeError> {
        r.nullable_string()
    }

    #[inline]
    fn write_nullable(this: Option<&Self>, w: &mut Writer<'_>, _version: i16) {
        w.nullable_string(this.copied());
    }
}

impl<'a> Field<'a> for &'a [u8] {
    #[inline]
    fn read(r: &mut Reader<'a>, _version: i16) -> Result<Self, DecodeError> {
        r.nullable_bytes()?.ok_or_else(|| r.error(Reason::Null))
    }

    #[inline]
    fn write(&self, w: &mut Writer<'_>, _version: i16) {
        w.nullable_bytes(Some(self));
    }
}

impl<'a> Nullable<'a> for &'a [u8] {
    #[inline]
    fn read_nullable(r: &mut Reader<'a>, _version: i16) -> Result<Option<Self>, DecodeError> {
        r.nullable_bytes()
    }

    #[inline]
    fn write_nullable(this: Option<&Self>, w: &mut Writer<'_>, _version: i16) {
        w.nullable_bytes(this.copied());
    }
}
