//! The documented errors, each with its status and its words.
//!
//! ```
//! use ringback_model::{operation::ErrorFamily, problem::{self, known}};
//!
//! let details = known::conversation::NOT_FOUND.details();
//! assert_eq!(
//!     problem::body(ErrorFamily::CodeDescription, &details),
//!     br#"{"code":"conversation:error:not-found","description":"Conversation does not exist, or you do not have access."}"#,
//! );
//! ```

use super::Details;

/// One documented error.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Known {
    /// The HTTP status; the vendor gives none for some conversation codes, where it is ours.
    pub status: u16,
    /// The code, or the fragment of the address in `type`.
    pub code: &'static str,
    /// A few words.
    pub title: &'static str,
    /// A sentence, in which `{}` stands for what it is about.
    pub detail: &'static str,
}

impl Known {
    /// The details of this error; what stands for its subject is left out.
    #[must_use]
    pub fn details(&self) -> Details {
        let details = Details::new(self.status, self.code).title(self.title);
        match self.detail.contains("{}") {
            true => details.detail(self.detail.replace("{}", "")),
            false => details.detail(self.detail),
        }
    }

    /// The details of this error about a subject, such as the id that was not found.
    #[must_use]
    pub fn about(&self, subject: &str) -> Details {
        self.details().detail(self.detail.replacen("{}", subject, 1))
    }
}

/// The first documented error with a code.
#[must_use]
pub fn find(code: &str) -> Option<&'static Known> {
    [api::ALL, conversation::ALL, rest::ALL, voice::ALL]
        .into_iter()
        .flatten()
        .find(|known| known.code == code)
}

/// Whether a code is one of the words of the older Voice bodies.
pub(super) fn is_word(code: &str) -> bool {
    !code.is_empty() && code.bytes().all(|byte| byte.is_ascii_uppercase() || byte == b'_')
}

macro_rules! known {
    ($($(#[$about:meta])* $name:ident = $status:literal, $code:literal, $title:literal, $detail:literal;)+) => {
        use super::Known;

        $($(#[$about])* pub const $name: Known =
            Known { status: $status, code: $code, title: $title, detail: $detail };)+

        /// All of them, in the order of the documentation.
        pub const ALL: &[Known] = &[$($name),+];
    };
}

/// Errors of Applications, secrets and the newer products ([`ErrorFamily::Problem`](crate::operation::ErrorFamily::Problem)).
pub mod api {
    known! {
        /// A query of the list of applications is wrong.
        LIST_VALIDATION = 400, "application#list-validation", "Bad Request", "The request failed due to validation errors";
        /// An application is described wrongly.
        PAYLOAD_VALIDATION = 400, "application#payload-validation", "Bad Request", "The request failed due to validation errors";
        /// A secret is not good enough.
        SECRET_VALIDATION = 400, "account/secret-management#validation", "Bad Request", "The request failed due to validation errors";
        /// Key and secret are wrong or missing.
        UNAUTHORIZED = 401, "unauthorized", "Invalid credentials supplied", "You did not provide correct credentials.";
        /// There is not enough money.
        LOW_BALANCE = 402, "#low-balance", "Low balance", "";
        /// The account may not do this; the title is not documented and that of HTTP.
        FORBIDDEN = 403, "forbidden", "Forbidden", "Your account does not have permission to perform this action.";
        /// The last secret cannot be removed.
        DELETE_LAST_SECRET = 403, "account/secret-management#delete-last-secret", "Secret Deletion Forbidden", "";
        /// There are two secrets already.
        ADD_EXCESS_SECRET = 403, "account/secret-management#add-excess-secret", "Secret Addition Forbidden", "Account reached maximum number [2] of allowed secrets";
        /// There is nothing with this id, or it is somebody else's.
        NOT_FOUND = 404, "not-found", "Not Found", "ID '{}' does not exist, or you do not have access";
        /// There is no such account.
        INVALID_API_KEY = 404, "invalid-api-key", "Invalid API Key", "API key '{}' not found";
        /// There is nothing with this id.
        INVALID_ID = 404, "invalid-id", "Invalid ID", "ID '{}' could not be found";
        /// The path exists, the method does not.
        WRONG_VERB = 405, "wrong-verb", "Request method not allowed", "Request method '{}' not supported";
        /// The answer would not be accepted.
        ACCEPT_HEADER = 406, "accept-header", "Invalid Accept header", "Must be one of the following: 'application/json'";
        /// The body is not JSON.
        CONTENT_TYPE_HEADER = 415, "content-type-header", "Unsupported Content-Type header", "Must be one of the following: 'application/json'";
        /// Too many requests.
        RATE_LIMIT = 429, "rate-limit", "Rate Limit Hit", "Please wait, then retry your request";
        /// The platform failed.
        INTERNAL_SERVER_ERROR = 500, "", "Internal Server Error", "";
    }
}

/// Errors of conversations and users, of every generation; up to v0.2 only code and sentence are written.
pub mod conversation {
    known! {
        /// A parameter or a body is wrong.
        VALIDATION = 400, "http:error:validation-fail", "Bad request.", "Input validation failure.";
        /// A content type that users do not take.
        CONTENT_TYPE = 406, "http:error:validation-fail", "Bad request.", "Invalid Content-Type.";
        /// The user is in the conversation already; the sentence is partly known.
        MEMBER_ALREADY_JOINED = 400, "conversation:error:member-already-joined", "Bad request.", "The request failed due to the user already having a member joined in '{}' type.";
        /// The member has left.
        INVALID_MEMBER_STATE = 400, "conversation:error:invalid-member-state", "Conflict.", "The conversation membership has already ended.";
        /// The token is wrong.
        INVALID_TOKEN = 401, "system:error:invalid-token", "Unauthorized.", "You did not provide a valid token. Please provide a valid token.";
        /// The token is too old; its own sentence is not documented.
        EXPIRED_TOKEN = 401, "system:error:expired-token", "Unauthorized.", "You did not provide a valid token. Please provide a valid token.";
        /// There is no token; its own sentence is not documented.
        MISSING_TOKEN = 401, "system:error:missing-token", "Unauthorized.", "You did not provide a valid token. Please provide a valid token.";
        /// The token does not allow it; its sentence is not documented and ours.
        PERMISSION = 403, "system:error:permission", "Forbidden.", "You do not have permission to perform this action.";
        /// There is no such conversation, or it is somebody else's.
        NOT_FOUND = 404, "conversation:error:not-found", "Not found.", "Conversation does not exist, or you do not have access.";
        /// There is no such member.
        MEMBER_NOT_FOUND = 404, "conversation:error:member-not-found", "Not found.", "Member does not exist, or you do not have access.";
        /// There is no such event.
        EVENT_NOT_FOUND = 404, "event:error:not-found", "Not found.", "Event does not exist, or you do not have access.";
        /// There is no such user.
        USER_NOT_FOUND = 404, "user:error:not-found", "Not found.", "User does not exist, or you do not have access.";
        /// There is no such path.
        ENDPOINT_NOT_FOUND = 404, "http:error:not-found", "Not found.", "Endpoint does not exist, or you do not have access.";
        /// There is no such generation; its own sentence is not documented.
        VERSION_NOT_ALLOWED = 404, "http:error:version-not-allowed", "Not found.", "Endpoint does not exist, or you do not have access.";
        /// The path exists, the method does not.
        METHOD_NOT_ALLOWED = 405, "http:error:method-not-allowed", "Method not allowed.", "Request method not supported.";
        /// The name of a conversation is taken.
        DUPLICATE_NAME = 409, "conversation:error:duplicate-name", "Conflict.", "The request failed because the conversation name already exists.";
        /// The name of a user is taken.
        DUPLICATE_USER_NAME = 409, "user:error:duplicate-name", "Conflict.", "The request failed because the user name already exists.";
        /// The token stands for no user; its sentence is not documented and ours.
        INVALID_USER_TOKEN = 401, "user:error:invalid-user-token", "Unauthorized.", "You did not provide a valid user token. Please provide a token of a user.";
        /// A user may not be called so.
        INVALID_USER_NAME = 400, "user:error:invalid-user-name", "Bad request.", "Username must not be 'me' and it must not start with 'USR-'.";
        /// The conversation is inactive.
        NOT_ALLOWED = 400, "conversation:error:not-allowed", "Bad request.", "The request failed because the current state of the conversation is INACTIVE. Only GET and DELETE actions are allowed.";
        /// The place to go on is not one of ours; its sentence is not documented and ours.
        INVALID_CURSOR = 400, "paginator-builder:error:invalid-cursor", "Bad request.", "The cursor is not valid.";
        /// The body is not JSON; its sentence is that of the users' 406.
        UNSUPPORTED_MEDIA_TYPE = 415, "http:error:unsupported-media-type", "Unsupported media type.", "Invalid Content-Type.";
        /// Too many requests.
        TOO_MANY_REQUESTS = 429, "http:error:too-many-request", "Too Many Requests.", "You have exceeded your request limit. You can try again shortly.";
        /// The platform failed.
        INTERNAL_ERROR = 500, "system:error:internal-error", "Internal Error.", "Something went wrong.";
    }
}

/// Errors of numbers and the account ([`ErrorFamily::ErrorCodeLabel`](crate::operation::ErrorFamily::ErrorCodeLabel)).
pub mod rest {
    known! {
        /// It went well; the same two keys say so.
        SUCCESS = 200, "200", "", "success";
        /// Key and secret are wrong or missing.
        AUTHENTICATION_FAILED = 401, "401", "", "authentication failed";
        /// The account is not filled up by itself.
        NOT_AUTO_RELOAD = 401, "401", "", "not auto-reload enabled";
        /// The number cannot be bought, given back or changed.
        METHOD_FAILED = 420, "420", "", "method failed";
    }
}

/// Errors of the Voice API ([`ErrorFamily::Voice`](crate::operation::ErrorFamily::Voice)).
pub mod voice {
    known! {
        /// A parameter or a body is wrong.
        BAD_REQUEST = 400, "BAD_REQUEST", "Bad Request", "";
        /// The token is wrong or missing.
        UNAUTHORIZED = 401, "UNAUTHORIZED", "Unauthorized", "";
        /// There is no such leg, or it is over; inferred from the other two.
        NOT_FOUND = 404, "NOT_FOUND", "Not Found", "";
    }
}
