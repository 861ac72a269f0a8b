//! Arrays: a view of checked bytes when decoded, a slice or a vector when built.

use std::fmt;
use std::marker::PhantomData;

use crate::{DecodeError, Field, Nullable, Reader, Reason, Writer};

/// The elements of an array field.
///
/// Decoding yields `Wire`: the elements were walked once, so that iterating, which decodes them again, cannot fail and
/// nothing is allocated. To build a message give a `Slice` or a `Vec`; all three encode alike.
#[derive(Clone)]
pub enum Array<'a, T> {
    /// Encoded elements.
    Wire(View<'a, T>),
    /// Borrowed elements.
    Slice(&'a [T]),
    /// Owned elements.
    Vec(Vec<T>),
}

impl<'a, T> Array<'a, T> {
    /// An array without elements.
    pub const EMPTY: Array<'a, T> = Array::Vec(Vec::new());

    /// The number of elements.
    pub fn len(&self) -> usize {
        match self {
            Array::Wire(view) => view.count,
            Array::Slice(slice) => slice.len(),
            Array::Vec(vec) => vec.len(),
        }
    }

    /// Whether there are no elements.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

impl<'a, T: Field<'a> + Clone> Array<'a, T> {
    /// The elements in order, by value: decoded, or cloned.
    pub fn iter(&self) -> Iter<'_, 'a, T> {
        Iter(match self {
            Array::Wire(view) => Borrowed::Wire(Decoder::new(view)),
            Array::Slice(slice) => Borrowed::Slice(slice.iter()),
            Array::Vec(vec) => Borrowed::Slice(vec.iter()),
        })
    }

    /// The elements as a vector.
    pub fn to_vec(&self) -> Vec<T> {
        self.iter().collect()
    }
}

impl<T> Default for Array<'_, T> {
    fn default() -> Self {
        Array::EMPTY
    }
}

impl<T> From<Vec<T>> for Array<'_, T> {
    fn from(vec: Vec<T>) -> Self {
        Array::Vec(vec)
    }
}

impl<'a, T> From<&'a [T]> for Array<'a, T> {
    fn from(slice: &'a [T]) -> Self {
        Array::Slice(slice)
    }
}

impl<'a, T, const N: usize> From<&'a [T; N]> for Array<'a, T> {
    fn from(array: &'a [T; N]) -> Self {
        Array::Slice(array)
    }
}

impl<T> FromIterator<T> for Array<'_, T> {
    fn from_iter<I: IntoIterator<Item = T>>(elements: I) -> Self {
        Array::Vec(elements.into_iter().collect())
    }
}

impl<'a, T: Field<'a> + Clone + PartialEq> PartialEq for Array<'a, T> {
    fn eq(&self, other: &Self) -> bool {
        self.len() == other.len() && self.iter().eq(other.iter())
    }
}

impl<'a, T: Field<'a> + Clone + fmt::Debug> fmt::Debug for Array<'a, T> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_list().entries(self.iter()).finish()
    }
}

/// Encoded elements that were found valid.
pub struct View<'a, T> {
    bytes: &'a [u8],
    count: usize,
    version: i16,
    flexible: bool,
    // A view makes elements, it holds none.
    element: PhantomData<fn() -> T>,
}

impl<T> Clone for View<'_, T> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<T> Copy for View<'_, T> {}

impl<'a, T: Field<'a>> View<'a, T> {
    fn read(r: &mut Reader<'a>, count: usize, version: i16) -> Result<Self, DecodeError> {
        let start = r.clone();
        match T::FIXED_LEN {
            0 => walk::<T>(r, count, version)?,
            // The count is at most the bytes of the frame, so the product cannot overflow.
            len => r.take(count * len).map(|_| ())?,
        }
        Ok(View { bytes: r.since(&start), count, version, flexible: r.is_flexible(), element: PhantomData })
    }
}

fn walk<'a, T: Field<'a>>(r: &mut Reader<'a>, count: usize, version: i16) -> Result<(), DecodeError> {
    (0..count).try_for_each(|_| T::read(r, version).map(|_| ()))
}

impl<'a, T: Field<'a>> Field<'a> for Array<'a, T> {
    fn read(r: &mut Reader<'a>, version: i16) -> Result<Self, DecodeError> {
        Self::read_nullable(r, version)?.ok_or_else(|| r.error(Reason::Null))
    }

    fn write(&self, w: &mut Writer<'_>, version: i16) {
        w.len(Some(self.len()));
        match self {
            Array::Wire(view) => Decoder::new(view).for_each(|element| element.write(w, version)),
            Array::Slice(slice) => slice.iter().for_each(|element| element.write(w, version)),
            Array::Vec(vec) => vec.iter().for_each(|element| element.write(w, version)),
        }
    }
}

impl<'a, T: Field<'a>> Nullable<'a> for Array<'a, T> {
    fn read_nullable(r: &mut Reader<'a>, version: i16) -> Result<Option<Self>, DecodeError> {
        match r.count()? {
            Some(count) => Ok(Some(Array::Wire(View::read(r, count, version)?))),
            None => Ok(None),
        }
    }

    fn write_nullable(this: Option<&Self>, w: &mut Writer<'_>, version: i16) {
        match this {
            Some(this) => this.write(w, version),
            None => w.len(None),
        }
    }
}

/// The elements of a borrowed [`Array`], by value.
pub struct Iter<'s, 'a, T>(Borrowed<'s, 'a, T>);

enum Borrowed<'s, 'a, T> {
    Wire(Decoder<'a, T>),
    Slice(std::slice::Iter<'s, T>),
}

impl<'a, T: Field<'a> + Clone> Iterator for Iter<'_, 'a, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Borrowed::Wire(decoder) => decoder.next(),
            Borrowed::Slice(slice) => slice.next().cloned(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Borrowed::Wire(decoder) => decoder.size_hint(),
            Borrowed::Slice(slice) => slice.size_hint(),
        }
    }
}

impl<'a, T: Field<'a> + Clone> ExactSizeIterator for Iter<'_, 'a, T> {}

impl<'s, 'a, T: Field<'a> + Clone> IntoIterator for &'s Array<'a, T> {
    type Item = T;
    type IntoIter = Iter<'s, 'a, T>;

    fn into_iter(self) -> Iter<'s, 'a, T> {
        self.iter()
    }
}

/// The elements of an owned [`Array`], by value.
pub struct IntoIter<'a, T>(Owned<'a, T>);

enum Owned<'a, T> {
    Wire(Decoder<'a, T>),
    Slice(std::slice::Iter<'a, T>),
    Vec(std::vec::IntoIter<T>),
}

impl<'a, T: Field<'a> + Clone> Iterator for IntoIter<'a, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        match &mut self.0 {
            Owned::Wire(decoder) => decoder.next(),
            Owned::Slice(slice) => slice.next().cloned(),
            Owned::Vec(vec) => vec.next(),
        }
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        match &self.0 {
            Owned::Wire(decoder) => decoder.size_hint(),
            Owned::Slice(slice) => slice.size_hint(),
            Owned::Vec(vec) => vec.size_hint(),
        }
    }
}

impl<'a, T: Field<'a> + Clone> ExactSizeIterator for IntoIter<'a, T> {}

impl<'a, T: Field<'a> + Clone> IntoIterator for Array<'a, T> {
    type Item = T;
    type IntoIter = IntoIter<'a, T>;

    fn into_iter(self) -> IntoIter<'a, T> {
        IntoIter(match self {
            Array::Wire(view) => Owned::Wire(Decoder::new(&view)),
            Array::Slice(slice) => Owned::Slice(slice.iter()),
            Array::Vec(vec) => Owned::Vec(vec.into_iter()),
        })
    }
}

/// Decodes the elements of a view one by one.
struct Decoder<'a, T> {
    reader: Reader<'a>,
    left: usize,
    version: i16,
    element: PhantomData<fn() -> T>,
}

impl<'a, T> Decoder<'a, T> {
    fn new(view: &View<'a, T>) -> Decoder<'a, T> {
        let mut reader = Reader::new(view.bytes);
        reader.set_flexible(view.flexible);
        Decoder { reader, left: view.count, version: view.version, element: PhantomData }
    }
}

impl<'a, T: Field<'a>> Iterator for Decoder<'a, T> {
    type Item = T;

    #[inline]
    fn next(&mut self) -> Option<T> {
        self.left = self.left.checked_sub(1)?;
        Some(T::read(&mut self.reader, self.version).expect("the view's elements were decoded once before"))
    }

    fn size_hint(&self) -> (usize, Option<usize>) {
        (self.left, Some(self.left))
    }
}

#[cfg(test)]
mod tests;
