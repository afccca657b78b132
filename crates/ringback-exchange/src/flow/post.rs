//! Events of conversations are posted: to the application's RTC webhook, to a conversation's callback.

use std::{collections::VecDeque, sync::Arc};

use ringback_model::{
    Json, Timestamp,
    webhook::{Event, Rtc},
};

use crate::{
    Exchange, Payload,
    conversation::{Conversation, Entry},
    directory::{Hook, Routes},
    rest::view,
    webhook::{About, Errand},
};

/// The posts of one conversation; they go out one after another.
#[derive(Debug)]
pub(crate) struct Post {
    pub(crate) routes: Arc<Routes>,
    waiting: VecDeque<(&'static str, Arc<Payload>, Arc<Hook>)>,
    flying: bool,
}

/// How many posts of one conversation wait at most; a dead receiver does not fill the memory.
const WAITING: usize = 1_000;

impl Exchange {
    /// Posts the newest entry of a conversation's log to whoever wants it.
    pub(crate) fn post(&mut self, now: Timestamp, key: u64) {
        let Some(conversation) = self.conversations.get(key) else { return };
        // Most conversations have nobody to tell.
        if conversation.application.rtc.is_none() && conversation.kept.is_none() {
            return;
        }
        let callback = conversation.kept.as_ref().and_then(|kept| kept.callback.as_ref());
        let Some(entry) = conversation.log.last() else { return };
        let kind = entry.what.event_type(&conversation.bodies);
        let callback =
            callback.filter(|callback| wants(callback.event_mask.as_deref(), kind.as_str()));
        let callback = callback.and_then(|callback| {
            let url = callback.url.as_deref().filter(|url| !url.is_empty())?;
            Some(Hook::of_action(url, callback.method.as_ref(), None))
        });
        let rtc = conversation.application.rtc.clone();
        if rtc.is_none() && callback.is_none() {
            return;
        }
        let payload = Arc::new(self.rtc_event(conversation, entry));
        for hook in [rtc, callback].into_iter().flatten() {
            self.post_to(now, key, "rtc", Arc::clone(&payload), hook);
        }
    }

    /// Sends something about a conversation, behind what was sent about it before.
    pub(crate) fn post_to(
        &mut self,
        now: Timestamp,
        key: u64,
        kind: &'static str,
        payload: Arc<Payload>,
        hook: Arc<Hook>,
    ) {
        let Some(conversation) = self.conversations.get(key) else { return };
        let routes = Arc::clone(&conversation.application);
        let post = self.posts.entry(key).or_insert_with(|| Post {
            routes,
            waiting: VecDeque::new(),
            flying: false,
        });
        if post.waiting.len() < WAITING {
            post.waiting.push_back((kind, payload, hook));
        }
        self.next_post(now, key);
    }

    /// A post has been delivered, or given up.
    pub(crate) fn posted(&mut self, now: Timestamp, key: u64) {
        let Some(post) = self.posts.get_mut(&key) else { return };
        post.flying = false;
        if post.waiting.is_empty() {
            self.posts.remove(&key);
        } else {
            self.next_post(now, key);
        }
    }

    fn next_post(&mut self, now: Timestamp, key: u64) {
        let Some(post) = self.posts.get_mut(&key).filter(|post| !post.flying) else { return };
        let Some((kind, payload, hook)) = post.waiting.pop_front() else { return };
        post.flying = true;
        self.set_out(now, About::Conversation(key), Errand::Event, kind, payload, hook);
    }

    /// The envelope is that of the current Conversation API (inferred).
    fn rtc_event(&self, conversation: &Conversation, entry: &Entry) -> Payload {
        let mut event = Rtc::new(entry.what.event_type(&conversation.bodies).as_str());
        event.id = i64::try_from(conversation.log.len()).ok();
        event.body = Some(view::body(self, conversation, entry));
        event.timestamp = Some(entry.at);
        event.conversation_id = Some(conversation.id());
        event.application_id = Some(conversation.application.application.clone());
        if let Some(sender) = view::sender(self, conversation, entry) {
            event.from = Some(sender.id());
            event.embedded = Json::of(&view::embedded_from(self, conversation, sender)).ok();
        }
        Payload::Event(Box::new(Event::Rtc(event)))
    }
}

/// Whether a mask names a type; without a mask all are wanted.
fn wants(mask: Option<&str>, kind: &str) -> bool {
    mask.map(str::trim)
        .filter(|mask| !mask.is_empty())
        .is_none_or(|mask| mask.split(',').any(|wanted| wanted.trim() == kind))
}

#[cfg(test)]
mod tests {
    use super::wants;

    #[test]
    fn a_mask_names_the_types_that_are_posted() {
        for (mask, kind, expected) in [
            (None, "member:joined", true),
            (Some(""), "member:joined", true),
            (Some("member:invited, member:joined"), "member:joined", true),
            (Some("member:invited"), "member:joined", false),
        ] {
            assert_eq!(wants(mask, kind), expected, "{mask:?}");
        }
    }
}
