//! Websockets of applications as legs: opened, refused, closed.

use ringback_model::Timestamp;

use crate::{
    Exchange, SocketEvent,
    far::Far,
    leg::{By, State},
    note::Told,
    run::Step,
    webhook::Asker,
};

impl Exchange {
    /// The websocket of a leg does something.
    pub(crate) fn socket_event(&mut self, now: Timestamp, key: u64, event: SocketEvent) {
        let Some(leg) = self.legs.get(key) else { return };
        let (state, is_socket) = (leg.state, matches!(leg.far, Far::Websocket(_)));
        if state.is_over() || !is_socket {
            return;
        }
        let waits = state != State::Answered;
        match event {
            // Ringing is skipped: the leg is answered at once.
            SocketEvent::Opened if waits => {
                self.note(now, key, Told::SocketOpened);
                self.callee_answered(now, key);
            }
            SocketEvent::Refused(why) if waits => {
                self.note(now, key, Told::Trouble("the websocket cannot be opened", why.into()));
                self.callee_failed(now, key, State::Failed, By::Platform);
            }
            SocketEvent::TimedOut if waits => {
                self.note(now, key, Told::StopsCalling);
                self.callee_failed(now, key, State::Unanswered, By::User);
            }
            SocketEvent::Closed if !waits => {
                self.note(now, key, Told::SocketClosed);
                self.socket_closed(now, key);
            }
            SocketEvent::Closed => self.callee_failed(now, key, State::Failed, By::Platform),
            _ => {}
        }
    }

    /// The application has closed it: it is asked how to go on, whatever the script said about that.
    ///
    /// Without a script in the reply the one that had it dialled goes on, if that has more to do.
    fn socket_closed(&mut self, now: Timestamp, key: u64) {
        let by = self.legs.get(key).and_then(|leg| leg.dialled_by());
        let drained = by.filter(|by| self.step_of(*by) == Some(Step::Drained));
        let asker = match drained {
            Some(by) => {
                // Nothing is left of its script: it ends unless the reply is another one.
                self.set_step(by, Step::Asking);
                self.asker_at(by)
            }
            None => by
                .filter(|by| self.legs.get(*by).is_some_and(|leg| leg.run.is_some()))
                .map(|leg| Asker { leg, epoch: None }),
        };
        let asked = self.tell_disconnected(now, key, asker);
        // The leg that waits for the reply must not be taken for one that is left alone.
        self.end_leg(now, key, State::Completed, By::User, None);
        if let Some(by) = drained.filter(|_| !asked) {
            self.advance(now, by);
        }
        if by.is_none() {
            let others = self.others(key);
            if self.is_left_alone(&others) {
                for other in others {
                    self.platform_hangs_up(now, other);
                }
            }
        }
    }

    fn tell_disconnected(&mut self, now: Timestamp, key: u64, asker: Option<Asker>) -> bool {
        use std::sync::Arc;

        use ringback_model::{
            LegStatus, Nullable,
            webhook::{Event, Status},
        };

        let Some(leg) = self.legs.get(key) else { return false };
        let Some(conversation) = self.conversation_of(key) else { return false };
        let mut event = Status::new(LegStatus::Disconnected);
        event.headers = Some(leg.far.headers().unwrap_or(&self.empty).clone());
        event.from = Nullable::Value(leg.from.to_string());
        event.to = Some(leg.to.to_string());
        event.uuid = Some(leg.id());
        event.conversation_uuid = Some(conversation.id());
        event.timestamp = Some(now);
        let payload = Arc::new(crate::Payload::Event(Box::new(Event::Status(event))));
        self.tell(now, key, "disconnected", payload, asker)
    }
}
