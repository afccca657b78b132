//! Numbers: those of the account, and those to buy.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ringback_model::{
    ApplicationId, PhoneNumber,
    insight::BasicInsight,
    numbers::{
        BuyNumber, CancelNumber, Feature, ListNumbers, NumberType, OwnedNumber, SearchNumbers,
        UpdateNumber, VoiceCallbackType,
    },
};

use crate::{
    context::Context,
    errors::Complaint,
    output::{Column, note},
};

/// Numbers.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the numbers of the account
    List(List),
    /// Search the stock of numbers
    Search(Search),
    /// Rent a number
    Buy(Buy),
    /// Give a number back
    Cancel(One),
    /// Send the calls to a number to an application
    Link {
        /// The number
        number: PhoneNumber,
        /// The application
        application: ApplicationId,
        #[command(flatten)]
        country: Country,
    },
    /// Take a number away from its application
    Unlink(One),
    /// Say where the calls and messages to a number go
    Update(Box<Update>),
}

/// Which numbers of the account.
#[derive(Debug, Default, Args)]
pub(crate) struct List {
    /// Only those of this application
    #[arg(long, value_name = "ID")]
    application: Option<ApplicationId>,
    #[command(flatten)]
    country: Country,
    #[command(flatten)]
    pattern: Pattern,
    /// How many at most
    #[arg(long, value_name = "COUNT")]
    limit: Option<usize>,
}

/// Which numbers of the stock.
#[derive(Debug, Args)]
pub(crate) struct Search {
    /// The country, two letters
    pub(crate) country: String,
    #[command(flatten)]
    pub(crate) pattern: Pattern,
    /// What it can do
    #[arg(long, value_delimiter = ',', value_name = "FEATURE")]
    pub(crate) features: Vec<Feature>,
    /// What kind it is: landline, mobile-lvn or landline-toll-free
    #[arg(long = "type", value_name = "TYPE")]
    pub(crate) kind: Option<NumberType>,
    /// How many at most
    #[arg(long, value_name = "COUNT", default_value_t = 10)]
    pub(crate) limit: usize,
}

/// A part of a number.
#[derive(Debug, Default, Args)]
#[group(multiple = false)]
pub(crate) struct Pattern {
    /// Digits it begins with
    #[arg(long, value_name = "DIGITS")]
    pub(crate) starts_with: Option<String>,
    /// Digits that stand in it
    #[arg(long, value_name = "DIGITS")]
    pub(crate) contains: Option<String>,
    /// Digits it ends with
    #[arg(long, value_name = "DIGITS")]
    pub(crate) ends_with: Option<String>,
}

/// The country of a number.
#[derive(Clone, Debug, Default, Args)]
pub(crate) struct Country {
    /// Its country, two letters; usually found out
    #[arg(short, long, value_name = "CC")]
    pub(crate) country: Option<String>,
}

/// The number that is bought.
#[derive(Debug, Args)]
pub(crate) struct Buy {
    /// The number
    pub(crate) number: PhoneNumber,
    #[command(flatten)]
    pub(crate) country: Country,
}

/// One number of the account.
#[derive(Debug, Args)]
pub(crate) struct One {
    /// The number
    pub(crate) number: PhoneNumber,
    #[command(flatten)]
    pub(crate) country: Country,
}

/// Where the calls and messages to a number go; what is not said is unset.
#[derive(Debug, Args)]
pub(crate) struct Update {
    /// The number
    number: PhoneNumber,
    #[command(flatten)]
    country: Country,
    /// The application that handles calls and messages
    #[arg(long, value_name = "ID")]
    application: Option<ApplicationId>,
    /// Where messages go
    #[arg(long, value_name = "URL")]
    messages_url: Option<String>,
    /// How calls go on: app, sip or tel
    #[arg(long, value_name = "TYPE", requires = "voice_value")]
    voice_type: Option<VoiceCallbackType>,
    /// Where calls go: an application, a SIP address or a number
    #[arg(long, value_name = "VALUE", requires = "voice_type")]
    voice_value: Option<String>,
    /// Where it is told that a call has ended
    #[arg(long, value_name = "URL")]
    voice_status_url: Option<String>,
}

pub(crate) const OWNED: &[Column] = &[
    ("NUMBER", &["/msisdn"]),
    ("COUNTRY", &["/country"]),
    ("TYPE", &["/type"]),
    ("FEATURES", &["/features"]),
    ("APPLICATION", &["/app_id", "/voiceCallbackValue"]),
];
pub(crate) const STOCK: &[Column] = &[
    ("NUMBER", &["/msisdn"]),
    ("COUNTRY", &["/country"]),
    ("TYPE", &["/type"]),
    ("FEATURES", &["/features"]),
    ("COST", &["/cost"]),
];

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        match command {
            Command::List(args) => {
                context.output.list(&list(args, context).await?, OWNED)?;
            }
            Command::Search(args) => {
                context.output.list(&search(args, context).await?, STOCK)?;
            }
            Command::Buy(args) => {
                let number = args.number.clone();
                buy(args, context).await?;
                done(context, &format!("{number} is rented"), &number)?;
            }
            Command::Cancel(args) => {
                cancel(&args, context).await?;
                done(context, &format!("{} is given back", args.number), &args.number)?;
            }
            Command::Link { number, application, country } => {
                link(&number, &application, country, context).await?;
                done(context, &format!("{number} is linked to {application}"), &number)?;
            }
            Command::Unlink(args) => {
                unlink(&args, context).await?;
                done(context, &format!("{} is linked to nothing", args.number), &args.number)?;
            }
            Command::Update(args) => {
                let number = args.number.clone();
                update(*args, context).await?;
                done(context, &format!("{number} is updated"), &number)?;
            }
        }
        Ok(ExitCode::SUCCESS)
    })
}

/// Says what was done, and prints the number as data.
fn done(context: &Context, sentence: &str, number: &PhoneNumber) -> anyhow::Result<()> {
    note(sentence)?;
    context.output.value(&serde_json::json!({ "msisdn": number.as_str() }))
}

pub(crate) async fn list(args: List, context: &Context) -> anyhow::Result<Vec<String>> {
    let mut operation = ListNumbers::new().size(100);
    operation.application_id = args.application;
    operation.country = args.country.country;
    (operation.pattern, operation.search_pattern) = args.pattern.split();
    context.items(operation, args.limit).await
}

pub(crate) async fn search(args: Search, context: &Context) -> anyhow::Result<Vec<String>> {
    let size = u32::try_from(args.limit.clamp(1, 100)).unwrap_or(100);
    let mut operation = SearchNumbers::new(args.country).size(size);
    (operation.pattern, operation.search_pattern) = args.pattern.split();
    operation.features = (!args.features.is_empty()).then_some(args.features);
    operation.kind = args.kind;
    context.items(operation, Some(args.limit)).await
}

pub(crate) async fn buy(args: Buy, context: &Context) -> anyhow::Result<()> {
    let country = match args.country.country {
        Some(country) => country,
        None => country_of(&args.number, context).await?,
    };
    context.send(&BuyNumber::new(country, args.number)).await?;
    Ok(())
}

pub(crate) async fn link(
    number: &PhoneNumber,
    application: &ApplicationId,
    country: Country,
    context: &Context,
) -> anyhow::Result<()> {
    let country = self::country(number, country, context).await?;
    let update = UpdateNumber::new(country, number.clone()).app_id(application.as_str());
    context.send(&update).await?;
    Ok(())
}

pub(crate) async fn cancel(args: &One, context: &Context) -> anyhow::Result<()> {
    let country = country(&args.number, args.country.clone(), context).await?;
    context.send(&CancelNumber::new(country, args.number.clone())).await?;
    Ok(())
}

pub(crate) async fn unlink(args: &One, context: &Context) -> anyhow::Result<()> {
    let country = country(&args.number, args.country.clone(), context).await?;
    // Whatever is not said is unset.
    context.send(&UpdateNumber::new(country, args.number.clone())).await?;
    Ok(())
}

async fn update(args: Update, context: &Context) -> anyhow::Result<()> {
    let country = country(&args.number, args.country, context).await?;
    let mut operation = UpdateNumber::new(country, args.number);
    operation.app_id = args.application;
    operation.mo_http_url = args.messages_url;
    operation.voice_callback_type = args.voice_type;
    operation.voice_callback_value = args.voice_value;
    operation.voice_status_callback = args.voice_status_url;
    context.send(&operation).await?;
    Ok(())
}

/// The country of a number of the account: as said, or as the account's list tells.
async fn country(number: &PhoneNumber, said: Country, context: &Context) -> anyhow::Result<String> {
    if let Some(country) = said.country {
        return Ok(country);
    }
    let list = ListNumbers::new().pattern(number.as_str()).search_pattern(1).size(100);
    let owned: Option<OwnedNumber> = context
        .send(&list)
        .await?
        .numbers
        .unwrap_or_default()
        .into_iter()
        .find(|owned| owned.msisdn.as_ref() == Some(number));
    match owned.and_then(|owned| owned.country) {
        Some(country) => Ok(country),
        None => Err(Complaint::failure(format!("{number} is not a number of this account"))
            .fix(
                "`ringback numbers list` shows those that are; rent it with `ringback numbers buy`",
            )
            .into()),
    }
}

/// The country of a number that is not rented yet, as the API tells it.
async fn country_of(number: &PhoneNumber, context: &Context) -> anyhow::Result<String> {
    let insight = context.send(&BasicInsight::new(number.as_str())).await?;
    insight.country_code.filter(|code| !code.is_empty()).ok_or_else(|| {
        Complaint::failure(format!("the API does not know the country of {number}"))
            .fix("give --country CC, such as --country US")
            .into()
    })
}

impl Pattern {
    /// The digits, and the API's word for where they stand.
    fn split(self) -> (Option<String>, Option<u32>) {
        let Self { starts_with, contains, ends_with } = self;
        match (starts_with, contains, ends_with) {
            (Some(digits), ..) => (Some(digits), Some(0)),
            (_, Some(digits), _) => (Some(digits), Some(1)),
            (_, _, Some(digits)) => (Some(digits), Some(2)),
            (None, None, None) => (None, None),
        }
    }

    /// The pattern of the old tool, in which a star stands for the rest.
    pub(crate) fn starred(pattern: Option<String>) -> Self {
        let mut result = Self::default();
        match pattern {
            None => {}
            Some(text) if text.starts_with('*') && text.ends_with('*') => {
                result.contains = Some(text.trim_matches('*').to_owned());
            }
            Some(text) if text.starts_with('*') => {
                result.ends_with = Some(text.trim_matches('*').to_owned());
            }
            Some(text) => result.starts_with = Some(text.trim_matches('*').to_owned()),
        }
        result
    }
}

impl List {
    /// Those that match a pattern of the old tool.
    pub(crate) fn starred(pattern: Option<String>) -> Self {
        Self { pattern: Pattern::starred(pattern), ..Self::default() }
    }
}
