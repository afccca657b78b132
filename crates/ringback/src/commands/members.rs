//! Members of conversations.

use std::process::ExitCode;

use clap::{Args, Subcommand};
use ringback_model::{
    ChannelType, ConversationId, MemberId, UserId,
    event::{Channel, Reason},
    v1::{
        CreateMember, GetMe, GetMember, ListMembers, MemberRequest, MemberUpdate, UpdateMember,
        UserRef,
    },
};

use super::conversations::MEMBERS;
use crate::{body, context::Context};

/// Members.
#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// List the members of a conversation
    List {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// How many at most
        #[arg(long, value_name = "COUNT")]
        limit: Option<usize>,
    },
    /// Show a member
    Show {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// The member, MEM-…, or me for the one that the token is for
        member: MemberId,
    },
    /// Invite a user, or let one join
    Create(Create),
    /// Let a member join or leave
    Update {
        /// The conversation, CON-…
        conversation: ConversationId,
        /// The member, MEM-…
        member: MemberId,
        /// The new state: joined or left
        #[arg(long, value_name = "STATE")]
        state: String,
        /// Why it leaves
        #[arg(long, value_name = "TEXT")]
        reason: Option<String>,
        /// Who causes it
        #[arg(long, value_name = "ID")]
        from: Option<String>,
    },
}

/// Who becomes a member.
#[derive(Debug, Args)]
pub(crate) struct Create {
    /// The conversation, CON-…
    conversation: ConversationId,
    /// The user, USR-…, or a name
    #[arg(required_unless_present = "data")]
    user: Option<String>,
    /// The state: joined or invited
    #[arg(long, value_name = "STATE", default_value = "joined")]
    state: String,
    /// The channel: JSON, @FILE, or @- for stdin; that of a client SDK unless said
    #[arg(long, value_name = "JSON")]
    channel: Option<String>,
    /// The whole body instead: JSON, @FILE, or @- for stdin
    #[arg(short, long, value_name = "BODY", conflicts_with_all = ["user", "state", "channel"])]
    data: Option<String>,
}

pub(crate) fn run(command: Command, context: &Context) -> anyhow::Result<ExitCode> {
    context.wait(async {
        match command {
            Command::List { conversation, limit } => {
                let list = ListMembers::new(conversation).page_size(100);
                context.output.list(&context.items(list, limit).await?, MEMBERS)
            }
            Command::Show { conversation, member } if member.as_str() == "me" => {
                context.show(&GetMe::new(conversation)).await
            }
            Command::Show { conversation, member } => {
                context.show(&GetMember::new(conversation, member)).await
            }
            Command::Create(args) => {
                let conversation = args.conversation.clone();
                context.show(&CreateMember::new(conversation, request(args)?)).await
            }
            Command::Update { conversation, member, state, reason, from } => {
                let mut body = MemberUpdate::new(state);
                body.from = from;
                body.reason = reason.map(|text| Reason::new().text(text));
                context.show(&UpdateMember::new(conversation, member, body)).await
            }
        }?;
        Ok(ExitCode::SUCCESS)
    })
}

fn request(args: Create) -> anyhow::Result<MemberRequest> {
    if let Some(data) = &args.data {
        return body::read(data);
    }
    let user = args.user.unwrap_or_default();
    let user = match user.starts_with("USR-") {
        true => UserRef::new().id(UserId::new(user)),
        false => UserRef::new().name(user),
    };
    let channel = match &args.channel {
        Some(data) => body::read(data)?,
        None => Channel::new().kind(ChannelType::App),
    };
    Ok(MemberRequest::new(args.state, user, channel))
}
