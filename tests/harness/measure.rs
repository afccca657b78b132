//! Two sides measured in turns, so that both see the same weather; medians; the processor time of
//! a thread or a process; and the line that `cargo xtask bench` reads.

use std::{
    fs,
    hint::black_box,
    io::Write as _,
    sync::OnceLock,
    time::{Duration, Instant},
};

use serde_json::{Value, json};

/// A bench: its name, and what prints its lines.
pub type Bench = (&'static str, fn());

/// Is a program with these benches.
///
/// `--list` prints the names, a name runs that bench and prints its lines as JSON, and `serve NAME` is a server that a
/// bench starts as a process of its own.
pub fn run(benches: &[Bench], serve: fn(&str)) {
    let mut args = std::env::args().skip(1).filter(|arg| arg != "--bench");
    let wanted = args.next().unwrap_or_default();
    if wanted == "serve" {
        return serve(&args.next().unwrap_or_default());
    }
    for (name, run) in benches {
        if wanted == "--list" {
            print(name);
        } else if wanted.is_empty() || wanted == *name {
            run();
        }
    }
}

/// What both sides took, in seconds per unit of work, round by round.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Pair {
    /// Our side.
    pub ours: Vec<f64>,
    /// The side it is measured against.
    pub theirs: Vec<f64>,
}

impl Pair {
    /// Runs both in turns, `rounds` times; each turn repeats its side for about `turn`.
    ///
    /// Counts the processor time of this thread where the system tells it, so that what else the
    /// machine does counts little; the wall clock elsewhere.
    pub fn in_turns<A, B>(
        rounds: usize,
        turn: Duration,
        mut ours: impl FnMut() -> A,
        mut theirs: impl FnMut() -> B,
    ) -> Self {
        let (often, seldom) = (repeats(turn, &mut ours), repeats(turn, &mut theirs));
        Self::of(rounds, || time(often, &mut ours), || time(seldom, &mut theirs))
    }

    /// Takes one figure of each side in turns, `rounds` times, for what measures itself: seconds of
    /// wall or processor time for one unit of work.
    pub fn of(
        rounds: usize,
        mut ours: impl FnMut() -> f64,
        mut theirs: impl FnMut() -> f64,
    ) -> Self {
        let mut pair = Self::default();
        for round in 0..rounds {
            // Whoever goes first warms the machine for the other; so they swap.
            if round % 2 == 0 {
                pair.ours.push(ours());
                pair.theirs.push(theirs());
            } else {
                pair.theirs.push(theirs());
                pair.ours.push(ours());
            }
        }
        pair
    }

    /// Their time over ours, the median of the rounds: 1 is as fast, 2 is twice as fast.
    #[must_use]
    pub fn speed(&self) -> f64 {
        median(self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| theirs / ours).collect())
    }

    /// Our time over theirs, the median of the rounds: 1.2 takes a fifth longer.
    #[must_use]
    pub fn cost(&self) -> f64 {
        median(self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| ours / theirs).collect())
    }

    /// How much longer ours takes, in seconds, the median of the rounds.
    #[must_use]
    pub fn more(&self) -> f64 {
        median(self.ours.iter().zip(&self.theirs).map(|(ours, theirs)| ours - theirs).collect())
    }
}

/// What has to be reached.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Goal {
    /// The value may not be less.
    AtLeast(f64),
    /// The value may not be more.
    AtMost(f64),
}

/// One line of the table.
#[derive(Clone, Copy, Debug)]
pub struct Line<'a> {
    /// What the line is called.
    pub name: &'a str,
    /// What is measured, in words.
    pub what: &'a str,
    /// What it is measured against, in words.
    pub against: &'a str,
    /// What has to be reached, in the unit of the value.
    pub goal: Goal,
}

impl Line<'_> {
    /// Prints the line of a pair: `value` is one of [`Pair::speed`], [`Pair::cost`] (unit `x`) or
    /// another figure with its unit.
    pub fn print(&self, value: f64, unit: &str, pair: &Pair) {
        let figures = json!({ "ours": figure(&pair.ours), "theirs": figure(&pair.theirs) });
        self.print_with(Some(value), unit, &figures, pair.ours.len(), None);
    }

    /// Prints a line with a median for each of several sizes, in seconds.
    pub fn print_sizes(&self, value: f64, sizes: &[(String, Vec<f64>)]) {
        let figures: serde_json::Map<String, Value> =
            sizes.iter().map(|(name, seconds)| (name.clone(), figure(seconds))).collect();
        let rounds = sizes.first().map_or(0, |(_, seconds)| seconds.len());
        self.print_with(Some(value), "x", &Value::Object(figures), rounds, None);
    }

    /// Prints a line that could not be measured, and why.
    pub fn print_left_out(&self, why: &str) {
        self.print_with(None, "x", &json!({}), 0, Some(why));
    }

    /// Prints the line of a single value, the median of so many rounds.
    pub fn print_single(&self, value: f64, unit: &str, rounds: usize) {
        self.print_with(Some(value), unit, &json!({}), rounds, None);
    }

    fn print_with(
        &self,
        value: Option<f64>,
        unit: &str,
        figures: &Value,
        rounds: usize,
        left_out: Option<&str>,
    ) {
        let goal = match self.goal {
            Goal::AtLeast(bound) => json!({ "at_least": bound }),
            Goal::AtMost(bound) => json!({ "at_most": bound }),
        };
        let line = json!({
            "name": self.name, "what": self.what, "against": self.against,
            "value": value, "unit": unit, "goal": goal, "figures": figures, "rounds": rounds,
            "left_out": left_out,
        });
        print(&line.to_string());
    }
}

/// The middle value; not a number when there is none.
#[must_use]
pub fn median(mut values: Vec<f64>) -> f64 {
    values.sort_by(f64::total_cmp);
    let middle = values.len() / 2;
    match values.len() {
        0 => f64::NAN,
        odd if odd % 2 == 1 => values[middle],
        _ => f64::midpoint(values[middle - 1], values[middle]),
    }
}

/// Seconds that this thread has been on a processor; where there is no `/proc`, on the wall since
/// the first call.
#[must_use]
pub fn thread_seconds() -> f64 {
    static START: OnceLock<Instant> = OnceLock::new();
    // The system adds up when a thread is taken off its processor; so it goes off for a moment.
    std::thread::sleep(Duration::from_micros(1));
    let text = fs::read_to_string("/proc/thread-self/schedstat").ok();
    text.as_deref()
        .and_then(nanoseconds)
        .unwrap_or_else(|| START.get_or_init(Instant::now).elapsed().as_secs_f64())
}

/// Seconds that the threads of a process have been on a processor, to the nanosecond; those of
/// threads that ended are not in it. Where there is no `/proc`, nothing.
#[must_use]
pub fn threads_seconds(process: u32) -> Option<f64> {
    let mut seconds = 0.0;
    for thread in fs::read_dir(format!("/proc/{process}/task")).ok()? {
        let text = fs::read_to_string(thread.ok()?.path().join("schedstat")).ok()?;
        seconds += nanoseconds(&text)?;
    }
    Some(seconds)
}

/// Seconds of processor time, user and system, that a process and its children have used with all
/// their threads, those that ended included. Where there is no `/proc`, nothing.
///
/// Counted in hundredths of a second, as Linux does: measure for seconds.
#[must_use]
pub fn processor_seconds(process: u32) -> Option<f64> {
    let own = ticks(&fs::read_to_string(format!("/proc/{process}/stat")).ok()?)?;
    let children = fs::read_to_string(format!("/proc/{process}/task/{process}/children")).ok()?;
    let children = children.split_whitespace().filter_map(|child| child.parse().ok());
    Some(own / 100.0 + children.filter_map(processor_seconds).sum::<f64>())
}

/// The most memory that a process has had at once, in bytes. Where there is no `/proc`, nothing.
#[must_use]
pub fn peak_bytes(process: u32) -> Option<f64> {
    let text = fs::read_to_string(format!("/proc/{process}/status")).ok()?;
    let line = text.lines().find_map(|line| line.strip_prefix("VmHWM:"))?;
    let kibibytes: f64 = line.trim().strip_suffix("kB")?.trim().parse().ok()?;
    Some(kibibytes * 1024.0)
}

/// Prints a line on standard output, which `cargo xtask bench` reads.
pub fn print(line: &str) {
    // A closed pipe is no error.
    drop(writeln!(std::io::stdout(), "{line}"));
}

/// The first field of `schedstat`.
fn nanoseconds(schedstat: &str) -> Option<f64> {
    let first: f64 = schedstat.split_whitespace().next()?.parse().ok()?;
    Some(first / 1e9)
}

/// Fields 14 and 15. The second is the program's name in brackets, which may contain anything.
fn ticks(stat: &str) -> Option<f64> {
    let (_, rest) = stat.rsplit_once(')')?;
    let mut fields = rest.split_whitespace().skip(11);
    let user: f64 = fields.next()?.parse().ok()?;
    let system: f64 = fields.next()?.parse().ok()?;
    Some(user + system)
}

fn figure(side: &[f64]) -> Value {
    let seconds = median(side.to_vec());
    let (scale, unit) = match seconds {
        small if small < 1e-6 => (1e9, "ns"),
        small if small < 1e-3 => (1e6, "µs"),
        small if small < 1.0 => (1e3, "ms"),
        _ => (1.0, "s"),
    };
    json!({ "median": seconds * scale, "unit": unit })
}

/// How often to repeat a call so that it takes about so long.
fn repeats<T>(turn: Duration, call: &mut impl FnMut() -> T) -> u32 {
    let mut count = 1;
    loop {
        let begin = Instant::now();
        for _ in 0..count {
            black_box(call());
        }
        if begin.elapsed() * 2 > turn || count > u32::MAX / 4 {
            return count;
        }
        count *= 2;
    }
}

/// Seconds of one call, of so many.
fn time<T>(count: u32, call: &mut impl FnMut() -> T) -> f64 {
    let begin = thread_seconds();
    for _ in 0..count {
        black_box(call());
    }
    (thread_seconds() - begin) / f64::from(count)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians() {
        for (values, expected) in
            [(vec![3.0, 1.0, 2.0], 2.0), (vec![4.0, 1.0, 2.0, 3.0], 2.5), (vec![7.0], 7.0)]
        {
            assert_eq!(median(values.clone()).to_bits(), f64::to_bits(expected), "{values:?}");
        }
        assert!(median(Vec::new()).is_nan());
    }

    #[test]
    fn a_pair_compares_round_by_round() {
        let mut calls = Vec::new();
        let sides = std::cell::RefCell::new(&mut calls);
        let side = |name, value| {
            sides.borrow_mut().push(name);
            value
        };
        let pair = Pair::of(3, || side('o', 2.0), || side('t', 1.0));
        assert_eq!((pair.speed(), pair.cost(), pair.more()), (0.5, 2.0, 1.0));
        assert_eq!(calls, ['o', 't', 't', 'o', 'o', 't']);
    }

    #[test]
    fn processor_time_is_found_behind_any_program_name() {
        let stat = "7 (a ) b (c) S 1 7 7 0 -1 4194560 100 0 0 0 250 50 0 0 20 0 1 0";
        assert_eq!(ticks(stat), Some(300.0));
        assert_eq!(ticks("7 (a"), None);
    }

    #[test]
    fn the_time_on_a_processor_is_the_first_number() {
        assert_eq!(nanoseconds("1500000000 35502 1\n"), Some(1.5));
        assert_eq!(nanoseconds(""), None);
    }
}
