//! Error bodies: every shape read, every family written as documented.
#![expect(clippy::panic, reason = "helpers of tests may fail as tests do")]

use std::{collections::BTreeSet, fs, path::Path};

use ringback_model::{
    operation::ErrorFamily,
    problem::{self, Details, Problem, Shape, known},
};

fn load(name: &str) -> Vec<u8> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/errors").join(name);
    fs::read(path).unwrap_or_else(|error| panic!("{name}: {error}"))
}

/// File, status, shape, code, summary, parameters at fault.
type Row = (
    &'static str,
    u16,
    Shape,
    Option<&'static str>,
    &'static str,
    &'static [(&'static str, &'static str)],
);

const READ: &[Row] = &[
    (
        "application-400.json",
        400,
        Shape::Problem,
        Some("payload-validation"),
        "Bad Request: The request failed due to validation errors (capabilities.voice.webhooks.answer_url.http_method: must be one of: GET, POST)",
        &[("capabilities.voice.webhooks.answer_url.http_method", "must be one of: GET, POST")],
    ),
    (
        "application-401.json",
        401,
        Shape::Problem,
        Some("unauthorized"),
        "Invalid credentials supplied: You did not provide correct credentials.",
        &[],
    ),
    (
        "application-404.json",
        404,
        Shape::Problem,
        Some("not-found"),
        "Not Found: ID 'ABC123' does not exist, or you do not have access",
        &[],
    ),
    ("application-500.json", 500, Shape::Problem, None, "Internal Server Error", &[]),
    (
        "beta-400.json",
        400,
        Shape::CodeDescription,
        Some("http:error:validation-fail"),
        r#"Input validation failure ("display_name" is not allowed to be empty)"#,
        &[("display_name", r#""display_name" is not allowed to be empty"#)],
    ),
    (
        "beta-404.json",
        404,
        Shape::CodeDescription,
        Some("conversation:error:not-found"),
        "Conversation does not exist, or you do not have access.",
        &[],
    ),
    (
        "beta-inactive.json",
        400,
        Shape::CodeDescription,
        Some("conversation:error:not-allowed"),
        "The request failed because the current state of the conversation is INACTIVE. Only GET and DELETE actions are allowed.",
        &[],
    ),
    (
        "conversation-400.json",
        400,
        Shape::ConversationProblem,
        Some("http:error:validation-fail"),
        r#"Bad request: Input validation failure ("page_size" must be a number)"#,
        &[("page_size", r#""page_size" must be a number"#)],
    ),
    (
        "conversation-404.json",
        404,
        Shape::ConversationProblem,
        Some("conversation:error:not-found"),
        "Not found: Conversation does not exist, or you do not have access.",
        &[],
    ),
    ("empty.txt", 502, Shape::Empty, None, "status 502 without an explanation", &[]),
    ("gateway.json", 400, Shape::Gateway, None, "Bad Request", &[]),
    ("gateway.txt", 400, Shape::Gateway, None, "Bad Request", &[]),
    ("low-balance-402.json", 402, Shape::Problem, Some("low-balance"), "Low balance", &[]),
    (
        "pricing-400.json",
        400,
        Shape::ErrorTitle,
        Some("BAD_REQUEST"),
        "Bad Request (country: Is required)",
        &[("country", "Is required")],
    ),
    (
        "rate-limit-429.json",
        429,
        Shape::Problem,
        Some("rate-limit"),
        "Rate Limit Hit: Please wait, then retry your request",
        &[],
    ),
    ("rest-200.json", 200, Shape::ErrorCodeLabel, Some("200"), "success", &[]),
    ("rest-401.json", 401, Shape::ErrorCodeLabel, Some("401"), "authentication failed", &[]),
    ("rest-420.json", 200, Shape::ErrorCodeLabel, Some("420"), "method failed", &[]),
    ("sms.json", 200, Shape::Messages, Some("7"), "Number barred.", &[]),
    (
        "socket.json",
        401,
        Shape::CodeDescription,
        Some("system:error:invalid-token"),
        "You did not provide a valid token. Please provide a valid token.",
        &[],
    ),
    (
        "users-404-captured.json",
        404,
        Shape::CodelessConversationProblem,
        Some("user:error:not-found"),
        "Not found: User does not exist, or you do not have access.",
        &[],
    ),
    (
        "voice-400-legacy.json",
        400,
        Shape::LegacyValidation,
        None,
        "Bad Request (number: can contain up to 15 digits prefixed with +)",
        &[("number", "can contain up to 15 digits prefixed with +")],
    ),
    ("voice-400.json", 400, Shape::ErrorTitle, Some("BAD_REQUEST"), "Bad Request", &[]),
    ("voice-401.json", 401, Shape::ErrorTitle, Some("UNAUTHORIZED"), "Unauthorized", &[]),
];

#[test]
fn every_shape_is_read() {
    for &(name, status, shape, code, summary, invalid) in READ {
        let problem = Problem::read(status, &load(name));
        assert_eq!(problem.shape, shape, "{name}");
        assert_eq!(problem.code.as_deref(), code, "{name}");
        assert_eq!(problem.summary(), summary, "{name}");
        let seen: Vec<_> =
            problem.invalid.iter().map(|one| (one.name.as_str(), one.reason.as_str())).collect();
        assert_eq!(seen, invalid, "{name}");
        assert_eq!(problem.is_failure(), name != "rest-200.json", "{name}");
    }
}

#[test]
fn every_fixture_is_read() -> std::io::Result<()> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/fixtures/errors");
    let mut found = BTreeSet::new();
    for file in fs::read_dir(folder)? {
        found.insert(file?.file_name().to_string_lossy().into_owned());
    }
    assert_eq!(found, READ.iter().map(|row| row.0.to_owned()).collect());
    Ok(())
}

#[test]
fn details_are_kept_as_they_came() {
    let problem = Problem::read(404, &load("conversation-404.json"));
    assert_eq!(problem.title.as_deref(), Some("Not found."));
    assert_eq!(problem.instance.as_deref(), Some("00a5916655d650e920ccf0daf40ef4ee"));
    assert_eq!(
        problem.kind.as_deref(),
        Some("https://developer.nexmo.com/api/conversation#conversation:error:not-found")
    );
    let problem = Problem::read(400, &load("voice-400-legacy.json"));
    assert_eq!(problem.kind.as_deref(), Some("400"));
}

#[test]
fn strange_bodies_are_read_too() {
    let long = "x".repeat(5000);
    let deep = "[".repeat(5000);
    let rows: &[(&[u8], Shape, &str)] = &[
        (b"\xff\xfe", Shape::Unknown, "\u{fffd}\u{fffd}"),
        (b"\xef\xbb\xbf {\"error-code\":420}", Shape::ErrorCodeLabel, "420"),
        (b"null", Shape::Unknown, "null"),
        (b"{}", Shape::Unknown, "{}"),
        (
            b"<html>\n<b>Bad gateway</b></html>",
            Shape::Unknown,
            "status 502 with HTML instead of JSON",
        ),
        (b"\x1b[31mred\x1b[0m\r\nline", Shape::Unknown, "[31mred [0m line"),
        // Texts of which nothing can be shown are no explanation.
        (
            br#"{"error-code":"\u0000 "}"#,
            Shape::ErrorCodeLabel,
            "status 502 without an explanation",
        ),
        (
            br#"{"title":"Conflict","detail":"Busy","instance":"a"}"#,
            Shape::Untyped,
            "Conflict: Busy",
        ),
        (
            br#"{"reason":"unknown-phone","hint":"There is no such phone."}"#,
            Shape::Control,
            "There is no such phone.",
        ),
        (
            br#"{"type":"x","title":"T","invalid_parameters":["plain",7,{}]}"#,
            Shape::Problem,
            "T (plain; 7)",
        ),
        (long.as_bytes(), Shape::Unknown, &format!("{}…", &long[..300])),
        (deep.as_bytes(), Shape::Unknown, &format!("{}…", &deep[..300])),
    ];
    for &(body, shape, summary) in rows {
        let problem = Problem::read(502, body);
        assert_eq!((problem.shape, problem.summary().as_str()), (shape, summary));
    }
}

#[test]
fn every_family_is_written_as_documented() {
    let trace = "00a5916655d650e920ccf0daf40ef4ee";
    let name = "capabilities.voice.webhooks.answer_url.http_method";
    let rows: &[(&str, ErrorFamily, Details)] = &[
        (
            "application-401.json",
            ErrorFamily::Problem,
            known::api::UNAUTHORIZED.details().instance(trace),
        ),
        (
            "application-404.json",
            ErrorFamily::Problem,
            known::api::NOT_FOUND.about("ABC123").instance(trace),
        ),
        (
            "application-500.json",
            ErrorFamily::Problem,
            known::api::INTERNAL_SERVER_ERROR.details().instance(trace),
        ),
        (
            "application-400.json",
            ErrorFamily::Problem,
            known::api::PAYLOAD_VALIDATION
                .details()
                .instance("272c5fa3-c02a-4451-b33c-d01e8de74023")
                .invalid(name, "must be one of: GET, POST"),
        ),
        ("low-balance-402.json", ErrorFamily::Problem, known::api::LOW_BALANCE.details()),
        (
            "rate-limit-429.json",
            ErrorFamily::Problem,
            known::api::RATE_LIMIT.details().instance(trace),
        ),
        (
            "rate-limit-429.json",
            ErrorFamily::Voice,
            known::api::RATE_LIMIT.details().instance(trace),
        ),
        (
            "conversation-404.json",
            ErrorFamily::ConversationProblem,
            known::conversation::NOT_FOUND.details().instance(trace),
        ),
        (
            "conversation-400.json",
            ErrorFamily::ConversationProblem,
            known::conversation::VALIDATION
                .details()
                .instance(trace)
                .invalid("page_size", "\"page_size\" must be a number"),
        ),
        (
            "beta-404.json",
            ErrorFamily::CodeDescription,
            known::conversation::NOT_FOUND.details().instance(trace),
        ),
        (
            "beta-400.json",
            ErrorFamily::CodeDescription,
            known::conversation::VALIDATION
                .details()
                .invalid("display_name", "\"display_name\" is not allowed to be empty"),
        ),
        ("rest-200.json", ErrorFamily::ErrorCodeLabel, known::rest::SUCCESS.details()),
        (
            "rest-401.json",
            ErrorFamily::ErrorCodeLabel,
            known::rest::AUTHENTICATION_FAILED.details(),
        ),
        ("rest-420.json", ErrorFamily::ErrorCodeLabel, known::rest::METHOD_FAILED.details()),
        ("voice-401.json", ErrorFamily::Voice, known::voice::UNAUTHORIZED.details()),
        ("voice-401.json", ErrorFamily::Voice, known::conversation::INVALID_TOKEN.details()),
        ("voice-400.json", ErrorFamily::Voice, known::voice::BAD_REQUEST.details()),
        (
            "voice-400-legacy.json",
            ErrorFamily::Voice,
            known::voice::BAD_REQUEST
                .details()
                .invalid("number", "can contain up to 15 digits prefixed with +"),
        ),
    ];
    for (name, family, details) in rows {
        let written = problem::body(*family, details);
        assert_eq!(
            String::from_utf8_lossy(&written),
            String::from_utf8_lossy(load(name).trim_ascii()),
            "{name}"
        );
    }
}

#[test]
fn what_is_written_is_read_again() {
    for (family, rows) in [
        (ErrorFamily::Problem, known::api::ALL),
        (ErrorFamily::ConversationProblem, known::conversation::ALL),
        (ErrorFamily::CodeDescription, known::conversation::ALL),
        (ErrorFamily::ErrorCodeLabel, known::rest::ALL),
        (ErrorFamily::Voice, known::voice::ALL),
    ] {
        for row in rows {
            let details = row.about("X").instance("trace");
            let read = Problem::read(row.status, &problem::body(family, &details));
            let fragment = row.code.rsplit('#').next().filter(|code| !code.is_empty());
            assert_eq!(read.code.as_deref(), fragment, "{row:?}");
            assert!(!read.summary().contains("{}"), "{row:?}");
            assert_eq!(known::find(row.code).map(|known| known.code), Some(row.code));
        }
    }
}
