//! What the documentation says about sizes and ranges, as data.

/// The limits of one field or parameter; they are not checked on reading.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub struct Limit {
    /// The type or operation.
    pub owner: &'static str,
    /// The field's name on the wire.
    pub field: &'static str,
    /// The smallest number allowed.
    pub minimum: Option<f64>,
    /// The largest number allowed.
    pub maximum: Option<f64>,
    /// The shortest text allowed, in characters, or the fewest elements.
    pub min_length: Option<u32>,
    /// The longest text allowed, in characters, or the most elements.
    pub max_length: Option<u32>,
    /// The regular expression that the text has to match.
    pub pattern: Option<&'static str>,
    /// The only texts allowed; empty when any is.
    pub values: &'static [&'static str],
    /// What counts when the field is absent, as JSON.
    pub default: Option<&'static str>,
}

impl Limit {
    pub(crate) const fn of(owner: &'static str, field: &'static str) -> Self {
        Self {
            owner,
            field,
            minimum: None,
            maximum: None,
            min_length: None,
            max_length: None,
            pattern: None,
            values: &[],
            default: None,
        }
    }

    pub(crate) const fn minimum(mut self, minimum: f64) -> Self {
        self.minimum = Some(minimum);
        self
    }

    pub(crate) const fn maximum(mut self, maximum: f64) -> Self {
        self.maximum = Some(maximum);
        self
    }

    pub(crate) const fn min_length(mut self, length: u32) -> Self {
        self.min_length = Some(length);
        self
    }

    pub(crate) const fn max_length(mut self, length: u32) -> Self {
        self.max_length = Some(length);
        self
    }

    pub(crate) const fn pattern(mut self, pattern: &'static str) -> Self {
        self.pattern = Some(pattern);
        self
    }

    pub(crate) const fn values(mut self, values: &'static [&'static str]) -> Self {
        self.values = values;
        self
    }

    pub(crate) const fn default(mut self, json: &'static str) -> Self {
        self.default = Some(json);
        self
    }
}
