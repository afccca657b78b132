//! Calls that the Voice API places.

use std::sync::Arc;

use ringback_model::{Timestamp, ncco::Action};

use super::dial::Dialling;
use crate::{
    Exchange,
    call::Call,
    conversation::Conversation,
    detection::Detection,
    directory::{Hook, Routes},
    far::Far,
    id::{Id, Purpose},
    leg::By,
    run::{Run, Step},
    webhook::{self, About, Errand},
};

/// A call that the Voice API places.
#[derive(Debug)]
pub(crate) struct Order {
    /// Where its webhooks go: the application's own, where the request names none.
    pub(crate) routes: Arc<Routes>,
    pub(crate) from: Arc<str>,
    pub(crate) to: Arc<str>,
    pub(crate) far: Far,
    /// The script; without one the answer webhook is asked.
    pub(crate) script: Option<Vec<Action>>,
    /// Seconds to ring.
    pub(crate) timeout: u32,
    /// Seconds to talk.
    pub(crate) limit: u32,
    pub(crate) detection: Option<Detection>,
    pub(crate) keys: Option<Box<str>>,
    /// The digits that were asked for as the caller's, where they are not shown.
    pub(crate) asked_from: Option<Box<str>>,
}

impl Exchange {
    /// Places a call; answers its first leg.
    pub(crate) fn place(&mut self, now: Timestamp, order: Order) -> Option<u64> {
        let leg = self.legs.next();
        let derive = |purpose| Id::derive(self.settings.seed, purpose, leg, 0);
        let (id, name) = (derive(Purpose::Conversation), derive(Purpose::ConversationName));
        let routes = Arc::clone(&order.routes);
        let conversation = Conversation::transient(id, name, Arc::clone(&routes), now);
        let conversation = self.conversations.insert(conversation);
        self.conversation_ids.insert(id, conversation);
        let call = self.calls.insert(Call::new(routes, id));
        self.live_calls += 1;
        let mut run = Run::fetching();
        if let Some(script) = order.script {
            run.script = script.into_iter();
            run.step = Step::Ready;
        }
        let dialling = Dialling {
            by: None,
            call,
            conversation,
            from: order.from,
            to: order.to,
            far: order.far,
            timeout: order.timeout,
            limit: order.limit,
            synchronous: false,
            hook: None,
            detection: order.detection,
            on_answer: None,
            keys: order.keys,
            asked_from: order.asked_from,
            run: Some(Box::new(run)),
        };
        let leg = self.dial(now, dialling)?;
        self.refuse_at_once(now, leg);
        Some(leg)
    }

    /// Whoever the Voice API has called is there: the script begins, or is asked for.
    pub(crate) fn first_leg_is_there(&mut self, now: Timestamp, key: u64) {
        let Some(run) = self.run_mut(key) else { return };
        if run.script.len() > 0 {
            return self.advance(now, key);
        }
        run.step = Step::Fetching;
        let Some(leg) = self.legs.get(key) else { return };
        let hook = self.calls.get(leg.call).and_then(|call| call.routes.answer.clone());
        let Some(conversation) = self.conversations.get(leg.conversation) else { return };
        match hook {
            Some(hook) => {
                let payload =
                    Arc::new(webhook::answer(leg, conversation, &self.settings.region_url));
                self.set_out(now, About::Leg(key), Errand::Script, "answer", payload, hook);
            }
            None => self.leg_leaves(now, key, By::Platform),
        }
    }

    /// A script is fetched that takes the place of the running one.
    pub(crate) fn fetch_transfer(&mut self, now: Timestamp, key: u64, hook: Arc<Hook>) {
        let Some(leg) = self.legs.get(key) else { return };
        let Some(conversation) = self.conversations.get(leg.conversation) else { return };
        let payload = Arc::new(webhook::answer(leg, conversation, &self.settings.region_url));
        self.set_out(now, About::Leg(key), Errand::Transfer, "answer", payload, hook);
    }
}
