//! What every generated id, enum, union and struct has in common.

/// Text that reads and writes itself: the impls shared by ids and open enums.
macro_rules! string_like {
    ($name:ident) => {
        impl From<String> for $name {
            fn from(text: String) -> Self {
                Self::from(text.as_str())
            }
        }
        impl std::fmt::Display for $name {
            fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                f.pad(self.as_str())
            }
        }
        impl std::str::FromStr for $name {
            type Err = std::convert::Infallible;
            fn from_str(text: &str) -> Result<Self, Self::Err> {
                Ok(text.into())
            }
        }
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                serializer.serialize_str(self.as_str())
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                crate::text::read(deserializer)
            }
        }
        impl crate::parameter::Parameter for $name {
            fn to_text(&self) -> std::borrow::Cow<'_, str> {
                self.as_str().into()
            }
            fn from_text(text: &str) -> Result<Self, crate::parameter::Expected> {
                Ok(text.into())
            }
        }
        impl crate::lenient::Lenient for $name {
            const EXPECTED: &'static str = "a string";
            fn from_text(text: &str) -> Option<Self> {
                Some(text.into())
            }
            fn from_int(number: i128) -> Option<Self> {
                Some(number.to_string().into())
            }
        }
    };
}

/// An id: text of its own type, never validated, never mixed up with another.
macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);
        impl $name {
            /// Takes any text for an id.
            pub fn new(text: impl Into<Box<str>>) -> Self {
                Self(text.into())
            }
            /// The text used on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                Self(text.into())
            }
        }
        string_like!($name);
    };
}

/// A set of words that may grow: a word not known here is kept as it came.
macro_rules! open_enum {
    (
        $(#[$meta:meta])* $name:ident $(ignoring $case:ident)? {
            $($(#[$vmeta:meta])* $variant:ident = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant,)+
            /// A word this version of the crate does not know, kept as it came.
            Unknown(Box<str>),
        }
        impl $name {
            /// Every known word, in the order of the specification.
            pub const KNOWN: &'static [Self] = &[$(Self::$variant),+];
            /// The text used on the wire.
            #[must_use]
            pub fn as_str(&self) -> &str {
                match self {
                    $(Self::$variant => $text,)+
                    Self::Unknown(text) => text,
                }
            }
        }
        open_enum!(@from $name [$($case)?] $($variant = $text,)+);
        string_like!($name);
    };
    (@from $name:ident [] $($variant:ident = $text:literal,)+) => {
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                match text {
                    $($text => Self::$variant,)+
                    other => Self::Unknown(other.into()),
                }
            }
        }
    };
    (@from $name:ident [case] $($variant:ident = $text:literal,)+) => {
        impl From<&str> for $name {
            fn from(text: &str) -> Self {
                $(if text.eq_ignore_ascii_case($text) {
                    return Self::$variant;
                })+
                Self::Unknown(text.into())
            }
        }
    };
}

/// Objects of several kinds: a known kind is read strictly, an unknown one is kept as it came.
///
/// `by "tag"` looks into the object, `by rule` at which fields are there, `by type` at the type of
/// the JSON value, and `beside` is told the kind by a sibling of the object.
macro_rules! union {
    (
        $(#[$meta:meta])* $name:ident by $tag:literal {
            $($(#[$vmeta:meta])* $variant:ident($body:ty) = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(tag = $tag)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* #[serde(rename = $text)] $variant($body),)+
            /// A kind this version of the crate does not know, kept as it came.
            #[serde(untagged)]
            Unknown(crate::Json),
        }
        impl $name {
            /// The kind as written on the wire; none when it is unknown.
            #[must_use]
            pub fn kind(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant(_) => Some($text),)+
                    Self::Unknown(_) => None,
                }
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let json = crate::Json::deserialize(deserializer)?;
                let kind = crate::peek::tag::<D::Error>(&json, $tag)?;
                match kind.as_ref() {
                    $($text => crate::read::nested(json.as_raw()).map(Self::$variant),)+
                    _ => {
                        drop(kind);
                        Ok(Self::Unknown(json))
                    }
                }
            }
        }
    };
    (
        $(#[$meta:meta])* $name:ident by rule {
            $(
                $(#[$vmeta:meta])* $variant:ident($body:ty)
                    if $([$($field:literal $(= $equals:literal)?),+])or+,
            )+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant($body),)+
            /// A kind this version of the crate does not know, kept as it came.
            Unknown(crate::Json),
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let json = crate::Json::deserialize(deserializer)?;
                let fields = crate::peek::fields::<D::Error>(&json)?;
                $(if fields.hold_any(&[$(&[$(($field, union!(@some $($equals)?))),+]),+]) {
                    return crate::read::nested(json.as_raw()).map(Self::$variant);
                })+
                drop(fields);
                Ok(Self::Unknown(json))
            }
        }
    };
    (@some) => {
        None
    };
    (@some $equals:literal) => {
        Some($equals)
    };
    (
        $(#[$meta:meta])* $name:ident by type {
            $($(#[$vmeta:meta])* $variant:ident($body:ty) = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant($body),)+
            /// A kind this version of the crate does not know, kept as it came.
            Unknown(crate::Json),
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let json = crate::Json::deserialize(deserializer)?;
                match crate::peek::json_type(&json) {
                    $($text => crate::read::nested(json.as_raw()).map(Self::$variant),)+
                    _ => Ok(Self::Unknown(json)),
                }
            }
        }
    };
    (
        $(#[$meta:meta])* $name:ident beside {
            $($(#[$vmeta:meta])* $variant:ident($body:ty) = $text:literal,)+
        }
    ) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, serde::Serialize)]
        #[serde(untagged)]
        #[non_exhaustive]
        pub enum $name {
            $($(#[$vmeta])* $variant($body),)+
            /// A kind this version of the crate does not know, kept as it came.
            Unknown(crate::Json),
        }
        impl $name {
            /// The kind as written on the wire, a trailing `*` standing for any ending;
            /// none when it is unknown.
            #[must_use]
            pub fn kind(&self) -> Option<&'static str> {
                match self {
                    $(Self::$variant(_) => Some($text),)+
                    Self::Unknown(_) => None,
                }
            }
            /// Reads the object that stands beside its kind.
            ///
            /// # Errors
            /// When the kind is known and the object does not fit it; the path begins at the object.
            pub fn read(
                kind: &str,
                raw: &serde_json::value::RawValue,
            ) -> Result<Self, crate::ReadError> {
                $(if crate::peek::matches(kind, $text) {
                    return crate::read::from_slice(raw.get().as_bytes()).map(Self::$variant);
                })+
                Ok(Self::Unknown(raw.to_owned().into()))
            }
        }
    };
}

/// The same as naming the variant, for those bodies that occur in one variant only.
macro_rules! variants {
    ($name:ident { $($body:ident => $variant:ident,)+ }) => {
        $(impl From<$body> for $name {
            fn from(body: $body) -> Self {
                Self::$variant(body.into())
            }
        })+
    };
}

/// One setter per optional field, named like it.
macro_rules! setters {
    ($name:ident { $($field:ident: $kind:ident($ty:ty)),+ $(,)? }) => {
        impl $name {
            $(setters!(@ $field $kind $ty);)+
        }
    };
    (@ $field:ident some $ty:ty) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $field(mut self, $field: $ty) -> Self {
            self.$field = Some($field);
            self
        }
    };
    (@ $field:ident into $ty:ty) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$ty>) -> Self {
            self.$field = Some($field.into());
            self
        }
    };
    (@ $field:ident boxed $ty:ty) => {
        #[doc = concat!("Sets `", stringify!($field), "`.")]
        #[must_use]
        pub fn $field(mut self, $field: impl Into<$ty>) -> Self {
            self.$field = Some(Box::new($field.into()));
            self
        }
    };
    (@ $field:ident nullable $ty:ty) => {
        #[doc = concat!("Sets `", stringify!($field), "`; `Nullable::Null` writes a null.")]
        #[must_use]
        pub fn $field(mut self, $field: impl Into<crate::Nullable<$ty>>) -> Self {
            self.$field = $field.into();
            self
        }
    };
}

/// A struct that gives back the fields it does not know: serde's own flattening cannot hold raw
/// JSON and costs every reader; this takes them out while the others are read.
macro_rules! open_struct {
    ($name:ident { $($known:literal,)* }) => {
        impl serde::Serialize for $name {
            fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                // The inherent function that `remote = "Self"` derives.
                Self::serialize(self, serializer)
            }
        }
        impl<'de> serde::Deserialize<'de> for $name {
            fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                struct Object;
                impl<'de> serde::de::Visitor<'de> for Object {
                    type Value = $name;
                    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
                        f.write_str(concat!("struct ", stringify!($name)))
                    }
                    fn visit_map<A: serde::de::MapAccess<'de>>(
                        self,
                        map: A,
                    ) -> Result<$name, A::Error> {
                        let mut other = std::collections::BTreeMap::new();
                        let known = crate::peek::Known::new(map, &[$($known),*], &mut other);
                        let known = serde::de::value::MapAccessDeserializer::new(known);
                        let mut value = $name::deserialize(known)?;
                        value.other = other;
                        Ok(value)
                    }
                }
                deserializer.deserialize_map(Object)
            }
        }
    };
}
