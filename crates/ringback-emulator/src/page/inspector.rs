//! The inspector: one page without any asset from elsewhere; a script fills it and keeps it live.

use maud::{DOCTYPE, Markup, PreEscaped, html};

const STYLE: &str = include_str!("inspector.css");
const SCRIPT: &str = include_str!("inspector.js");

/// A ladder, as small as it gets.
pub(super) const ICON: &str = r##"<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><rect width="16" height="16" rx="3.5" fill="#5b5bd6"/><g stroke="#fff" stroke-width="1.6" stroke-linecap="round"><path d="M4 3v10M12 3v10M5 6h5.2M11 10.500H5.800"/></g></svg>"##;

/// The page; the nonce lets its own style and script, and no other, take effect.
pub(super) fn page(url: &str, nonce: &str) -> Markup {
    html! {
        (DOCTYPE)
        html lang="en" {
            head {
                meta charset="utf-8";
                meta name="viewport" content="width=device-width, initial-scale=1";
                meta name="color-scheme" content="light dark";
                title { "Ringback" }
                link rel="icon" href="/favicon.svg" type="image/svg+xml";
                style nonce=(nonce) { (PreEscaped(STYLE)) }
            }
            body {
                header {
                    span.brand { (PreEscaped(ICON)) "Ringback" }
                    code.url { (url) }
                    span.spacer {}
                    span.clock title="the platform's time" {
                        span #mode {} time #now { "–" }
                    }
                    span #link .dot title="connecting" {}
                }
                div.layout {
                    nav {
                        section {
                            h2 { "Calls" span #call-count .count {} }
                            ul #calls .list {}
                            p #no-calls .empty { "No call yet. Place one:" br; code { "ringback call 447700000001 NUMBER" } }
                        }
                        section {
                            h2 { "Phones" }
                            ul #phones .list {}
                            form #dial {
                                input #dial-from aria-label="from" placeholder="from" value="447700000001" inputmode="numeric";
                                span.arrow { "→" }
                                input #dial-to aria-label="to" placeholder="to" inputmode="numeric";
                                button type="submit" { "Call" }
                            }
                            p #dial-note .note {}
                        }
                    }
                    main {
                        section #call .card hidden {
                            div.title {
                                h1 #call-title {}
                                span #call-status .badge {}
                                span.spacer {}
                                button #hangup { "Hang up" }
                            }
                            p #call-error .note.bad hidden {}
                            dl #call-facts .facts {}
                            div.ladder { img #ladder alt="the ladder of the call"; }
                        }
                        section #legs-card .card hidden {
                            h2 { "Legs" }
                            table { thead { tr { th { "Leg" } th { "Direction" } th { "From" } th { "To" } th { "State" } th { "Answered" } th { "Ended" } } } tbody #legs {} }
                        }
                        section #members-card .card hidden {
                            h2 { "Members of the conversation" }
                            table { thead { tr { th { "Member" } th { "Name" } th { "State" } th { "From" } th { "To" } } } tbody #members {} }
                        }
                        section .card {
                            h2 { "Webhooks" span #webhook-scope .scope {} span #webhook-count .count {} }
                            div #webhooks .rows {}
                            p #no-webhooks .empty { "Nothing was sent yet." }
                        }
                        section .card {
                            h2 { "Refused requests" span #refusal-count .count {} }
                            div #refusals .rows {}
                            p #no-refusals .empty { "Every request was accepted." }
                        }
                    }
                }
                script nonce=(nonce) { (PreEscaped(SCRIPT)) }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_page_is_alone_and_cannot_be_talked_into_anything() {
        let page = page("http://127.0.0.1:4010/<script>", "abc").into_string();
        assert!(page.contains("http://127.0.0.1:4010/&lt;script&gt;"));
        assert!(
            !page.replace("http://127.0.0.1", "").replace("http://www.w3.org", "").contains("http")
        );
        // Whatever a webhook or a phone says becomes text, never markup.
        for way in ["innerHTML", "outerHTML", "insertAdjacentHTML", "document.write", "eval("] {
            assert!(!SCRIPT.contains(way), "{way}");
        }
        assert!(!SCRIPT.contains("</") && !STYLE.contains("</"));
    }
}
