//! Writing scripts.

use ringback_model::{
    ConversationId, Decimal, Json,
    ncco::{Action, Connect, Conversation, Endpoint, Input, Notify, Stream, Talk, Transfer, Wait},
};

use crate::{Error, Severity, check_actions};

/// A call script that is being written.
///
/// Actions with options are made with the model's own constructors and setters and put in with
/// [`Script::then`]; the other methods are short for actions without options.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Script {
    actions: Vec<Action>,
}

/// Dials one endpoint; options are added with the setters of [`Connect`].
pub fn connect(endpoint: impl Into<Endpoint>) -> Connect {
    Connect::new(vec![endpoint.into()])
}

impl Script {
    /// A script without actions, which is faulty until it has one.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Adds an action.
    #[must_use]
    pub fn then(mut self, action: impl Into<Action>) -> Self {
        self.actions.push(strict(action.into()));
        self
    }

    /// Says a text, or SSML when all of it stands in `<speak>`.
    #[must_use]
    pub fn talk(self, text: impl Into<String>) -> Self {
        self.then(Talk::new(text))
    }

    /// Plays a sound file.
    #[must_use]
    pub fn stream(self, url: impl Into<String>) -> Self {
        self.then(Stream::new(vec![url.into()]))
    }

    /// Dials one endpoint.
    #[must_use]
    pub fn connect(self, endpoint: impl Into<Endpoint>) -> Self {
        self.then(connect(endpoint))
    }

    /// Joins a named conversation.
    #[must_use]
    pub fn conversation(self, name: impl Into<String>) -> Self {
        self.then(Conversation::new(name))
    }

    /// Sends a payload, an object, to a webhook.
    #[must_use]
    pub fn notify(self, payload: impl Into<Json>, url: impl Into<String>) -> Self {
        self.then(Notify::new(payload, vec![url.into()]))
    }

    /// Waits for so many seconds.
    #[must_use]
    pub fn wait(self, seconds: impl Into<Decimal>) -> Self {
        self.then(Wait::new().timeout(seconds))
    }

    /// Moves all legs into another conversation.
    #[must_use]
    pub fn transfer(self, conversation: impl Into<ConversationId>) -> Self {
        self.then(Transfer::new(conversation))
    }

    /// The actions so far.
    #[must_use]
    pub fn actions(&self) -> &[Action] {
        &self.actions
    }

    /// The actions, taken out.
    #[must_use]
    pub fn into_actions(self) -> Vec<Action> {
        self.actions
    }

    /// The script as JSON, whether it is faulty or not.
    ///
    /// # Errors
    /// When it cannot be JSON.
    pub fn to_json(&self) -> Result<String, Error> {
        Ok(serde_json::to_string(&self.actions)?)
    }

    /// The script as JSON, after a check.
    ///
    /// # Errors
    /// When the check finds an error.
    pub fn build(&self) -> Result<String, Error> {
        let report = check_actions(&self.actions);
        match report.count(Severity::Error) {
            0 => self.to_json(),
            _ => Err(Error::Faulty(report)),
        }
    }
}

impl From<Vec<Action>> for Script {
    fn from(actions: Vec<Action>) -> Self {
        actions.into_iter().fold(Self::new(), Self::then)
    }
}

/// Numbers are written as numbers, also those that were given as text.
fn strict(mut action: Action) -> Action {
    match &mut action {
        Action::Talk(Talk { level, .. }) | Action::Stream(Stream { level, .. }) => number(level),
        Action::Input(Input { speech: Some(speech), .. }) => number(&mut speech.end_on_silence),
        Action::Wait(Wait { timeout, .. }) => number(timeout),
        _ => {}
    }
    action
}

fn number(decimal: &mut Option<Decimal>) {
    if let Some(number) = decimal.as_ref().and_then(|decimal| Decimal::number(decimal.as_str())) {
        *decimal = Some(number);
    }
}
