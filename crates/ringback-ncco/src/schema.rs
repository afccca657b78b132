//! How the options of actions and endpoints are described; the descriptions are in `shapes`.

use ringback_model::{Limit, ncco::LIMITS};

/// An object: an action, an endpoint or the settings within one.
#[derive(Debug)]
pub(crate) struct Shape {
    /// The type in the model, the owner of its limits.
    pub(crate) owner: &'static str,
    /// What people call it, with its article.
    pub(crate) noun: &'static str,
    /// The field that tells the kind, which is no option.
    pub(crate) tag: &'static str,
    pub(crate) options: &'static [Opt],
}

/// An option of an object.
#[derive(Debug)]
pub(crate) struct Opt {
    pub(crate) name: &'static str,
    pub(crate) kind: Kind,
    pub(crate) required: bool,
    /// Another spelling that counts.
    pub(crate) also: Option<&'static str>,
    /// What to use instead of a deprecated option.
    pub(crate) instead: Option<&'static str>,
}

/// What an option takes.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Kind {
    Text,
    /// The text of `talk`.
    Speech,
    /// A text that must not be empty.
    Name,
    /// The id of a conversation.
    Room,
    /// One key of the telephone, also as a number.
    Key,
    /// A text or a number.
    Loose,
    Bool,
    /// A number without a fraction, also as its text.
    Whole,
    /// A number, also as its text.
    Decimal,
    /// The same; the platform moves what is out of range to the nearest bound.
    Clamped,
    /// An array of one http or https URL.
    Urls,
    /// An http or https URL as a text.
    Url,
    /// The same; of an array the first element counts.
    FirstUrl,
    /// A websocket URL.
    Socket,
    /// A SIP URI.
    Sip,
    /// One of these words.
    Word(&'static [&'static str]),
    /// One of these words in any casing.
    AnyCase(&'static [&'static str]),
    /// An array of these words.
    Words(&'static [&'static str]),
    Texts,
    /// An array of one text.
    OneText,
    /// A telephone number that is dialled.
    Number,
    /// A telephone number that is shown.
    CallerId,
    /// Keys and pauses that are pressed.
    Keys,
    /// A language of speech synthesis.
    Voice,
    /// A language of speech recognition.
    Ear,
    /// Settings of their own.
    Inner(&'static Shape),
    /// Any object.
    Object,
    /// An object whose values are texts.
    Texted,
    /// Whom to call.
    Endpoints,
}

impl Opt {
    pub(crate) const fn new(name: &'static str, kind: Kind) -> Self {
        Self { name, kind, required: false, also: None, instead: None }
    }

    pub(crate) const fn required(mut self) -> Self {
        self.required = true;
        self
    }

    pub(crate) const fn also(mut self, name: &'static str) -> Self {
        self.also = Some(name);
        self
    }

    pub(crate) const fn instead(mut self, advice: &'static str) -> Self {
        self.instead = Some(advice);
        self
    }
}

impl Shape {
    /// The option of a name, with its place among the options.
    pub(crate) fn option(&self, name: &str) -> Option<(usize, &'static Opt)> {
        let named = |option: &&Opt| option.name == name || option.also == Some(name);
        let index = self.options.iter().position(|option| named(&option))?;
        Some((index, self.options.get(index)?))
    }

    /// The limits of an option.
    pub(crate) fn limit(&self, name: &str) -> Option<&'static Limit> {
        LIMITS.iter().find(|limit| limit.owner == self.owner && limit.field == name)
    }
}
