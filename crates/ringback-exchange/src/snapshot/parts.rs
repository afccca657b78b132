//! The parts of a state, as they are written and read.

use ringback_model::{
    ApplicationId, Json, Timestamp,
    applications::{Capabilities, Privacy},
    numbers::{Feature, NumberType},
};
use serde::{Deserialize, Serialize};

use crate::{
    SnapshotError,
    conversation::{Body, Conversation, Entry, Kept, Member, Name},
    directory::{Application, Country, Number, Routes, User},
    id::Id,
};

/// A conversation that outlives its calls, as it is written.
#[derive(Serialize)]
pub(super) struct ConversationView<'a> {
    pub(super) id: Id,
    pub(super) name: &'a Name,
    pub(super) application: &'a ApplicationId,
    pub(super) created: Timestamp,
    pub(super) members: &'a [Member],
    pub(super) log: &'a [Entry],
    pub(super) texts: &'a [Box<str>],
    pub(super) kept: Option<&'a Kept>,
    pub(super) bodies: &'a [Body],
}

/// The same as it is read.
#[derive(Deserialize)]
pub(super) struct KeptConversation {
    pub(super) id: Id,
    pub(super) name: Name,
    pub(super) application: ApplicationId,
    pub(super) created: Timestamp,
    pub(super) members: Vec<Member>,
    pub(super) log: Vec<Entry>,
    pub(super) texts: Vec<Box<str>>,
    pub(super) kept: Option<Box<Kept>>,
    pub(super) bodies: Vec<Body>,
}

#[derive(Serialize, Deserialize)]
pub(super) struct KeptApplication {
    pub(super) id: ApplicationId,
    pub(super) name: String,
    pub(super) public_key: String,
    pub(super) capabilities: Capabilities,
    pub(super) privacy: Privacy,
}

#[derive(Serialize, Deserialize)]
pub(super) struct KeptUser {
    pub(super) id: Id,
    pub(super) application: ApplicationId,
    pub(super) name: String,
    pub(super) display_name: Option<String>,
    pub(super) image_url: Option<String>,
    pub(super) properties: Option<Json>,
    pub(super) channels: Option<Json>,
    pub(super) created: Timestamp,
    pub(super) updated: Option<Timestamp>,
}

/// A number as the network knows it.
#[derive(Serialize, Deserialize)]
pub(super) struct KeptNumber {
    msisdn: String,
    /// Two letters.
    country: String,
    kind: NumberType,
    features: Vec<Feature>,
    cost: String,
    initial_price: String,
}

pub(super) fn kept_number(number: &Number) -> KeptNumber {
    KeptNumber {
        msisdn: number.msisdn.to_string(),
        country: number.country.to_owned(),
        kind: number.kind.clone(),
        features: number.features.clone(),
        cost: number.cost.to_string(),
        initial_price: number.initial_price.to_string(),
    }
}

pub(super) fn number(kept: KeptNumber) -> Result<Number, SnapshotError> {
    let Some(country) = Country::by_code(&kept.country) else {
        return Err(SnapshotError::Number(kept.msisdn));
    };
    Ok(Number {
        msisdn: kept.msisdn.into(),
        country: country.code,
        kind: kept.kind,
        features: kept.features,
        cost: kept.cost.into(),
        initial_price: kept.initial_price.into(),
    })
}

pub(super) fn kept_user(user: &User) -> KeptUser {
    KeptUser {
        id: user.id,
        application: user.application.clone(),
        name: user.name.to_string(),
        display_name: user.display_name.clone(),
        image_url: user.image_url.clone(),
        properties: user.properties.clone(),
        channels: user.channels.clone(),
        created: user.created,
        updated: user.updated,
    }
}

pub(super) fn user(kept: KeptUser) -> User {
    User {
        id: kept.id,
        application: kept.application,
        name: kept.name.into(),
        display_name: kept.display_name,
        image_url: kept.image_url,
        properties: kept.properties,
        channels: kept.channels,
        created: kept.created,
        updated: kept.updated,
    }
}

pub(super) fn kept_conversation(
    (key, conversation): (u64, &Conversation),
) -> (u64, ConversationView<'_>) {
    let view = ConversationView {
        id: conversation.id,
        name: &conversation.name,
        application: &conversation.application.application,
        created: conversation.created,
        members: &conversation.members,
        log: &conversation.log,
        texts: &conversation.texts,
        kept: conversation.kept.as_deref(),
        bodies: &conversation.bodies,
    };
    (key, view)
}

pub(super) fn kept_application(application: &Application) -> KeptApplication {
    KeptApplication {
        id: application.id.clone(),
        name: application.name.clone(),
        public_key: application.public_key.clone(),
        capabilities: application.capabilities.clone(),
        privacy: application.privacy.clone(),
    }
}

pub(super) fn application(kept: KeptApplication) -> Application {
    Application {
        routes: Routes::of(&kept.id, &kept.capabilities),
        id: kept.id,
        name: kept.name,
        public_key: kept.public_key,
        capabilities: kept.capabilities,
        privacy: kept.privacy,
    }
}

/// Shared texts as plain ones.
pub(crate) mod text {
    use std::sync::Arc;

    use serde::{Deserialize, Deserializer, Serializer};

    pub(crate) fn serialize<S: Serializer>(
        text: &Arc<str>,
        serializer: S,
    ) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(text)
    }

    pub(crate) fn deserialize<'de, D: Deserializer<'de>>(
        deserializer: D,
    ) -> Result<Arc<str>, D::Error> {
        Ok(String::deserialize(deserializer)?.into())
    }
}
