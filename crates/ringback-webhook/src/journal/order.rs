//! The events of a leg in the order of its life, however they arrived.

use std::{
    collections::{BTreeSet, HashMap, VecDeque},
    time::Duration,
};

use super::facts::{Facts, Rank};

/// How long an event waits for one that belongs before it.
pub(crate) const GAP: Duration = Duration::from_secs(2);
/// How many legs are remembered; beyond it those that were quiet longest are forgotten.
const LEGS: usize = 65_536;

/// A time, from whatever beginning.
type Moment = Duration;

/// Puts events in order, one leg at a time: pure, told the time.
///
/// Three rules, named by the state tables of the platform's calls:
/// *in rank*: started, ringing, answered, what happens while the leg is up, its end;
/// *gaps are short*: an event whose predecessor is missing waits at most [`GAP`];
/// *late is said*: an event that comes after a later one was let through is marked, never dropped.
#[derive(Debug)]
pub(crate) struct Order<T> {
    legs: HashMap<Box<str>, Leg<T>>,
    /// Legs by when they were last touched, for forgetting; those touched again stand in it again.
    touched: VecDeque<(u64, Box<str>)>,
    touches: u64,
    /// When waits are over, and whose; some are over before.
    waits: BTreeSet<(Moment, Box<str>)>,
}

#[derive(Debug)]
struct Leg<T> {
    /// The ranks that were let through.
    started: bool,
    ringing: bool,
    answered: bool,
    /// The highest of them.
    reached: Option<Rank>,
    /// The timestamp of its end.
    ended: Option<Box<str>>,
    held: Vec<Held<T>>,
    touched: u64,
}

#[derive(Debug)]
struct Held<T> {
    rank: Rank,
    timestamp: Option<Box<str>>,
    needs: Needs,
    until: Moment,
    item: T,
}

/// What belongs before an event, and with it everything before that.
#[derive(Clone, Copy, Debug)]
enum Needs {
    Nothing,
    Started,
    Ringing,
    Answered,
    Ended,
}

impl Needs {
    fn of(facts: &Facts<'_>, rank: Rank) -> Self {
        match rank {
            Rank::Started => Self::Nothing,
            Rank::Ringing => Self::Started,
            Rank::During => Self::Answered,
            Rank::Ended | Rank::Completed if facts.was_up() => Self::Answered,
            // A leg that was dialled and not answered says how that ended before it is completed.
            Rank::Completed if facts.is_outbound() => Self::Ended,
            Rank::Answered | Rank::Ended | Rank::Completed => match facts.rings() {
                true => Self::Ringing,
                false => Self::Started,
            },
        }
    }
}

/// An event that may be dispatched.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Let<T> {
    pub(crate) item: T,
    /// Whether a later event of its leg was let through before.
    pub(crate) late: bool,
}

impl<T> Default for Order<T> {
    fn default() -> Self {
        Self { legs: HashMap::new(), touched: VecDeque::new(), touches: 0, waits: BTreeSet::new() }
    }
}

impl<T> Order<T> {
    /// Takes an event, and gives those that may be dispatched now, in order.
    pub(crate) fn put(&mut self, facts: &Facts<'_>, item: T, now: Moment) -> Vec<Let<T>> {
        let (Some(id), Some(rank)) = (facts.leg(), facts.rank()) else {
            return vec![Let { item, late: false }];
        };
        let leg = self.touch(id);
        let needs = Needs::of(facts, rank);
        let timestamp = facts.timestamp().map(Into::into);
        let until = now.saturating_add(GAP);
        leg.held.push(Held { rank, timestamp, needs, until, item });
        let out = leg.let_through(now);
        if !leg.held.is_empty() {
            self.waits.insert((until, id.into()));
        }
        out
    }

    /// Remembers an event that was dispatched before.
    pub(crate) fn seen(&mut self, facts: &Facts<'_>) {
        if let (Some(id), Some(rank)) = (facts.leg(), facts.rank()) {
            self.touch(id).note(rank, facts.timestamp());
        }
    }

    /// Those whose wait is over.
    pub(crate) fn due(&mut self, now: Moment) -> Vec<Let<T>> {
        let mut out = Vec::new();
        while self.next_due().is_some_and(|due| due <= now) {
            let Some((_, id)) = self.waits.pop_first() else { break };
            out.append(&mut self.touch(&id).let_through(now));
        }
        out
    }

    /// When a wait is over, at the earliest.
    pub(crate) fn next_due(&self) -> Option<Moment> {
        self.waits.first().map(|(until, _)| *until)
    }

    /// Gives back everything that waits.
    pub(crate) fn drain(&mut self) -> Vec<T> {
        self.waits.clear();
        let held = self.legs.values_mut().flat_map(|leg| leg.held.drain(..));
        held.map(|held| held.item).collect()
    }

    fn touch(&mut self, id: &str) -> &mut Leg<T> {
        self.touches += 1;
        self.touched.push_back((self.touches, id.into()));
        while self.legs.len() > LEGS || self.touched.len() > LEGS * 4 {
            let Some((touch, oldest)) = self.touched.pop_front() else { break };
            let forget = self
                .legs
                .get(&oldest)
                .is_some_and(|leg| leg.touched == touch && leg.held.is_empty());
            if forget {
                self.legs.remove(&oldest);
            }
        }
        let leg = self.legs.entry(id.into()).or_insert_with(|| Leg {
            started: false,
            ringing: false,
            answered: false,
            reached: None,
            ended: None,
            held: Vec::new(),
            touched: 0,
        });
        leg.touched = self.touches;
        leg
    }
}

impl<T> Leg<T> {
    /// Lets through whatever has its predecessors or waited long enough, first things first.
    fn let_through(&mut self, now: Moment) -> Vec<Let<T>> {
        let mut out = Vec::new();
        // Whoever waited long enough no longer waits for what is missing, but still for what is here.
        let over = self.held.iter().filter(|held| held.until <= now).map(|held| held.rank).max();
        self.held
            .sort_by(|one, other| (one.rank, &one.timestamp).cmp(&(other.rank, &other.timestamp)));
        let mut index = 0;
        while let Some(held) = self.held.get(index) {
            let over = over.is_some_and(|over| held.rank <= over);
            if over || self.is_ready(held) {
                let held = self.held.remove(index);
                let late = self.note(held.rank, held.timestamp.as_deref());
                out.push(Let { item: held.item, late });
                // It may be what an earlier one in the list waited for.
                index = 0;
            } else {
                index += 1;
            }
        }
        out
    }

    fn is_ready(&self, held: &Held<T>) -> bool {
        // A late one waits for nothing: what belongs before it was given up.
        if self.reached.is_some_and(|reached| held.rank < reached) {
            return true;
        }
        let before = match held.needs {
            Needs::Nothing => return true,
            Needs::Started => true,
            Needs::Ringing => self.ringing || self.answered,
            Needs::Answered => self.answered,
            Needs::Ended => self.reached >= Some(Rank::Ended),
        };
        self.started && before
    }

    /// Remembers that one is let through, and says whether that is late.
    fn note(&mut self, rank: Rank, timestamp: Option<&str>) -> bool {
        match rank {
            Rank::Started => self.started = true,
            Rank::Ringing => self.ringing = true,
            Rank::Answered => self.answered = true,
            Rank::During => {
                // What happens at the end of a call may be told after it.
                return match (&self.ended, timestamp) {
                    (Some(ended), Some(timestamp)) => timestamp < &**ended,
                    _ => false,
                };
            }
            Rank::Ended | Rank::Completed => {
                self.ended = self.ended.take().or_else(|| timestamp.map(Into::into));
            }
        }
        let late = self.reached.is_some_and(|reached| rank < reached);
        self.reached = self.reached.max(Some(rank));
        late
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(status: &str) -> String {
        let start =
            if status == "completed" { r#","start_time":"2020-07-01T20:45:35.000Z""# } else { "" };
        format!(
            r#"{{"uuid":"a","from":"447700000001","to":"447700000002","direction":"inbound","status":"{status}"{start}}}"#
        )
    }

    /// Puts events at these moments (milliseconds), then says what was let through, and when.
    fn run(arrivals: &[(u64, &str)]) -> Vec<String> {
        let mut order = Order::default();
        let mut out = Vec::new();
        let mut say = |at: u64, lets: Vec<Let<String>>| {
            for event in lets {
                let late = if event.late { " late" } else { "" };
                out.push(format!("{at} {}{late}", event.item));
            }
        };
        let millis = |moment: Moment| u64::try_from(moment.as_millis()).unwrap();
        for (at, status) in arrivals {
            while let Some(due) = order.next_due().map(millis).filter(|due| due <= at) {
                say(due, order.due(Duration::from_millis(due)));
            }
            let json = if status.starts_with('{') { (*status).to_owned() } else { event(status) };
            let name = (*status).to_owned();
            say(*at, order.put(&Facts::of(json.as_bytes()), name, Duration::from_millis(*at)));
        }
        while let Some(due) = order.next_due().map(millis) {
            say(due, order.due(Duration::from_millis(due)));
        }
        assert!(order.drain().is_empty());
        out
    }

    #[test]
    fn in_order_nothing_waits() {
        let arrivals = [(0, "started"), (0, "ringing"), (5, "answered"), (9, "completed")];
        assert_eq!(run(&arrivals), ["0 started", "0 ringing", "5 answered", "9 completed"]);
    }

    #[test]
    fn a_gap_that_closes_in_time_is_not_seen() {
        let arrivals = [(0, "completed"), (10, "ringing"), (20, "answered"), (1_999, "started")];
        let expected = ["1999 started", "1999 ringing", "1999 answered", "1999 completed"];
        assert_eq!(run(&arrivals), expected);
        assert_eq!(run(&[(0, "ringing"), (1, "started")]), ["1 started", "1 ringing"]);
    }

    #[test]
    fn a_gap_that_stays_open_is_over_after_two_seconds() {
        let arrivals =
            [(0, "answered"), (500, "ringing"), (2_500, "started"), (2_600, "completed")];
        assert_eq!(
            run(&arrivals),
            ["2000 ringing", "2000 answered", "2500 started late", "2600 completed"]
        );
    }

    #[test]
    fn legs_that_do_not_ring_do_not_wait_for_it() {
        let app = |status: &str| {
            format!(
                r#"{{"uuid":"b","from":null,"to":"447700000002","direction":"inbound","status":"{status}"}}"#
            )
        };
        let (started, answered) = (app("started"), app("answered"));
        let out = run(&[(0, &started), (1, &answered)]);
        assert_eq!(out, [format!("0 {started}"), format!("1 {answered}")]);
    }

    #[test]
    fn what_has_no_leg_or_no_place_goes_on_at_once() {
        let record = r#"{"recording_url":"https://a.example/1","conversation_uuid":"CON-1"}"#;
        let odd = r#"{"uuid":"a","status":"paused"}"#;
        assert_eq!(run(&[(0, record), (1, odd)]), [format!("0 {record}"), format!("1 {odd}")]);
    }

    #[test]
    fn legs_that_did_not_ring_are_asked_for_keys_at_once() {
        let app = r#"{"uuid":"b","to":"447700000002","from":null,"direction":"inbound","status":"#;
        let (started, answered) = (format!(r#"{app}"started"}}"#), format!(r#"{app}"answered"}}"#));
        let input = r#"{"uuid":"b","to":"447700000002","dtmf":{"digits":"1"}}"#;
        let out = run(&[(0, &started), (1, &answered), (2, input)]);
        assert_eq!(out[2], format!("2 {input}"));
    }

    #[test]
    fn keys_pressed_wait_for_the_answer() {
        let input = r#"{"uuid":"a","dtmf":{"digits":"1"}}"#;
        let out = run(&[(0, "started"), (0, "ringing"), (1, input), (2, "answered")]);
        assert_eq!(out, ["0 started", "0 ringing", "2 answered", &format!("2 {input}")]);
    }

    #[test]
    fn what_was_dispatched_before_is_not_waited_for() {
        let mut order = Order::default();
        for status in ["started", "answered"] {
            order.seen(&Facts::of(event(status).as_bytes()));
        }
        let put = |order: &mut Order<()>, status: &str| {
            let lets = order.put(&Facts::of(event(status).as_bytes()), (), Duration::ZERO);
            lets.into_iter().map(|event| event.late).collect::<Vec<_>>()
        };
        assert_eq!(put(&mut order, "ringing"), [true]);
        assert_eq!(put(&mut order, "completed"), [false]);
    }

    #[test]
    fn quiet_legs_are_forgotten() {
        let mut order = Order::default();
        for leg in 0..LEGS + 100 {
            let json = format!(r#"{{"uuid":"{leg}","status":"started"}}"#);
            order.put(&Facts::of(json.as_bytes()), (), Duration::ZERO);
        }
        assert!(order.legs.len() <= LEGS + 1 && order.touched.len() <= LEGS * 4 + 1);
    }
}
