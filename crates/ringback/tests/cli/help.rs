//! Everything that can be typed, as the help tells it.

use crate::run::Place;

const COMMANDS: &[&[&str]] = &[
    &[],
    &["demo"],
    &["emulator"],
    &["env"],
    &["call"],
    &["phones"],
    &["phones", "list"],
    &["phones", "set"],
    &["phones", "answer"],
    &["phones", "decline"],
    &["phones", "press"],
    &["phones", "say"],
    &["phones", "hangup"],
    &["serve"],
    &["apps"],
    &["apps", "list"],
    &["apps", "show"],
    &["apps", "create"],
    &["apps", "update"],
    &["apps", "delete"],
    &["numbers"],
    &["numbers", "list"],
    &["numbers", "search"],
    &["numbers", "buy"],
    &["numbers", "cancel"],
    &["numbers", "link"],
    &["numbers", "unlink"],
    &["numbers", "update"],
    &["conversations"],
    &["conversations", "list"],
    &["conversations", "show"],
    &["conversations", "create"],
    &["conversations", "update"],
    &["conversations", "delete"],
    &["conversations", "events"],
    &["conversations", "members"],
    &["members"],
    &["members", "list"],
    &["members", "show"],
    &["members", "create"],
    &["members", "update"],
    &["events"],
    &["events", "list"],
    &["events", "show"],
    &["events", "send"],
    &["events", "delete"],
    &["users"],
    &["users", "list"],
    &["users", "show"],
    &["users", "create"],
    &["users", "update"],
    &["users", "delete"],
    &["calls"],
    &["calls", "list"],
    &["calls", "show"],
    &["calls", "create"],
    &["calls", "hangup"],
    &["calls", "mute"],
    &["calls", "unmute"],
    &["calls", "earmuff"],
    &["calls", "unearmuff"],
    &["calls", "transfer"],
    &["calls", "talk"],
    &["calls", "stream"],
    &["calls", "dtmf"],
    &["legs"],
    &["legs", "list"],
    &["legs", "hangup"],
    &["recordings"],
    &["recordings", "list"],
    &["recordings", "get"],
    &["wait"],
    &["insight"],
    &["price"],
    &["balance"],
    &["auth"],
    &["auth", "set"],
    &["auth", "show"],
    &["auth", "check"],
    &["doctor"],
    &["jwt"],
    &["jwt", "create"],
    &["jwt", "verify"],
    &["jwt", "explain"],
    &["ncco"],
    &["ncco", "check"],
    &["api"],
    &["completions"],
    &["app:create"],
    &["app:list"],
    &["app:show"],
    &["app:delete"],
    &["link:app"],
    &["unlink:app"],
    &["numbers:list"],
    &["number:search"],
    &["number:buy"],
    &["number:cancel"],
    &["jwt:generate"],
];

#[test]
fn the_whole_surface() {
    let place = Place::new();
    let mut text = String::new();
    for command in COMMANDS {
        let help = place.run(&[command, &["-h"][..]].concat()).ended(0);
        assert_eq!(help.err, "");
        // What every command takes is told once.
        let own = match command.is_empty() {
            true => help.out.clone(),
            false => own(&help.out),
        };
        text.push_str(&format!("$ ringback {} -h\n{own}\n", command.join(" ")));
    }
    insta::assert_snapshot!("help", text);
}

/// The help without the options that every command takes.
fn own(help: &str) -> String {
    let global = [
        "--output",
        "--verbose",
        "--url",
        "--api-key",
        "--api-secret",
        "--application-id",
        "--private-key",
        "--control-token",
        "--help",
    ];
    let mut skipping = false;
    let mut kept: Vec<&str> = Vec::new();
    for line in help.lines() {
        let option = line.trim_start().starts_with('-') && line.starts_with("  ");
        if option {
            skipping = global.iter().any(|name| line.contains(name));
        } else if !line.starts_with("    ") {
            skipping = false;
        }
        if !skipping && line != "Who and where:" {
            kept.push(line);
        }
    }
    kept.join("\n").trim_end().to_owned() + "\n"
}
