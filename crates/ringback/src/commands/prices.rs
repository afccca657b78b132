//! What a number tells about itself, and what it costs to reach it.

use std::process::ExitCode;

use ringback_model::{
    PhoneNumber,
    account::{GetPhonePricing, GetPricing, PricedKind},
    insight::BasicInsight,
};

use crate::context::Context;

/// Which number.
#[derive(Debug, clap::Args)]
pub(crate) struct Insight {
    /// The number; a national one with --country
    number: String,
    /// The country of a national number, two letters
    #[arg(short, long, value_name = "CC")]
    country: Option<String>,
}

/// What is to be reached.
#[derive(Debug, clap::Args)]
pub(crate) struct Price {
    /// The number
    #[arg(required_unless_present = "country")]
    number: Option<PhoneNumber>,
    /// What is sent to it: voice or sms
    #[arg(long, value_name = "KIND", default_value = "voice")]
    kind: PricedKind,
    /// All networks of a country instead, two letters; the prices of messages
    #[arg(short, long, value_name = "CC", conflicts_with_all = ["number", "kind"])]
    country: Option<String>,
}

pub(crate) fn insight(args: Insight, context: &Context) -> anyhow::Result<ExitCode> {
    let mut insight = BasicInsight::new(args.number);
    insight.country = args.country;
    context.wait(context.show(&insight))?;
    Ok(ExitCode::SUCCESS)
}

pub(crate) fn price(args: Price, context: &Context) -> anyhow::Result<ExitCode> {
    match (args.country, args.number) {
        (Some(country), _) => context.wait(context.show(&GetPricing::new(country)))?,
        (None, Some(number)) => {
            context.wait(context.show(&GetPhonePricing::new(args.kind, number)))?;
        }
        (None, None) => {}
    }
    Ok(ExitCode::SUCCESS)
}
