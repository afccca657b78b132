//! Values that travel as text in a path, a query or a form.

use std::borrow::Cow;

use crate::{Decimal, Json, PhoneNumber, Secret, Timestamp, fault::NEGATIVE, lenient};

/// What a parameter should have been, as in `must be a number`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Expected(pub(crate) &'static str);

impl Expected {
    /// The same as something that can be sent.
    pub(crate) fn accepted(self) -> &'static str {
        if self == NOT_NEGATIVE { NEGATIVE.1 } else { self.0 }
    }
}

const NUMBER: Expected = Expected("a number");
const NOT_NEGATIVE: Expected = Expected(NEGATIVE.0);

/// A value written as text and read from it.
pub(crate) trait Parameter: Sized {
    /// Whether the value never appears in an error.
    const SECRET: bool = false;
    /// Whether repeating the parameter makes a list.
    const LIST: bool = false;
    /// Whether empty text is the same as no parameter.
    const EMPTY_IS_NONE: bool = false;

    fn to_text(&self) -> Cow<'_, str>;
    fn from_text(text: &str) -> Result<Self, Expected>;
}

macro_rules! numbers {
    ($($ty:ty),+) => {$(
        impl Parameter for $ty {
            fn to_text(&self) -> Cow<'_, str> {
                self.to_string().into()
            }
            fn from_text(text: &str) -> Result<Self, Expected> {
                text.parse().map_err(|_| {
                    let signed = <$ty>::try_from(-1_i8).is_ok();
                    let negative = text.parse::<i64>().is_ok_and(|number| number < 0);
                    if negative && !signed { NOT_NEGATIVE } else { NUMBER }
                })
            }
        }
    )+};
}
numbers!(i32, i64, u32, u64, f64);

macro_rules! texts {
    ($($ty:ty: $as_str:ident, $from:expr;)+) => {$(
        impl Parameter for $ty {
            fn to_text(&self) -> Cow<'_, str> {
                self.$as_str().into()
            }
            fn from_text(text: &str) -> Result<Self, Expected> {
                Ok($from(text))
            }
        }
    )+};
}
texts! {
    String: as_str, str::to_owned;
    PhoneNumber: as_str, PhoneNumber::from_wire;
    Decimal: as_str, Decimal::from;
}

impl Parameter for Secret {
    const SECRET: bool = true;
    fn to_text(&self) -> Cow<'_, str> {
        self.expose().into()
    }
    fn from_text(text: &str) -> Result<Self, Expected> {
        Ok(text.into())
    }
}

impl Parameter for bool {
    fn to_text(&self) -> Cow<'_, str> {
        if *self { "true" } else { "false" }.into()
    }
    fn from_text(text: &str) -> Result<Self, Expected> {
        lenient::boolean(text).ok_or(Expected("a boolean"))
    }
}

impl Parameter for Timestamp {
    const EMPTY_IS_NONE: bool = true;
    fn to_text(&self) -> Cow<'_, str> {
        self.to_string().into()
    }
    fn from_text(text: &str) -> Result<Self, Expected> {
        text.parse().map_err(|_| Expected("a valid ISO 8601 date"))
    }
}

impl Parameter for Json {
    fn to_text(&self) -> Cow<'_, str> {
        self.as_str().into()
    }
    fn from_text(text: &str) -> Result<Self, Expected> {
        Self::parse(text).map_err(|_| Expected("JSON text"))
    }
}

impl<T: Parameter> Parameter for Vec<T> {
    const SECRET: bool = T::SECRET;
    const LIST: bool = true;
    const EMPTY_IS_NONE: bool = true;
    fn to_text(&self) -> Cow<'_, str> {
        self.iter().map(T::to_text).collect::<Vec<_>>().join(",").into()
    }
    fn from_text(text: &str) -> Result<Self, Expected> {
        let parts = text.split(',').map(str::trim).filter(|part| !part.is_empty());
        parts.map(T::from_text).collect()
    }
}
