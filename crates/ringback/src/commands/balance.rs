//! What is left on the account.

use std::process::ExitCode;

use ringback_model::account::GetBalance;

use crate::context::Context;

pub(crate) fn run(context: &Context) -> anyhow::Result<ExitCode> {
    let answer = context.wait(context.answer(&GetBalance::new()))?;
    context.output.document(&String::from_utf8_lossy(&answer.body))?;
    Ok(ExitCode::SUCCESS)
}
