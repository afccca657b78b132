//! Ladders as pictures.

mod calls;

use calls::{application, between, platform, tutorial};
use ringback_ladder::svg;
use ringback_model::control::TranscriptKind as Kind;

#[test]
fn says_what_it_is() {
    let drawn = svg(&tutorial());
    assert!(drawn.contains(
        "<title id=\"title\">A call between Alice, platform, application and Bob</title>"
    ));
    assert!(drawn.contains(
        "<desc id=\"about\">A ladder diagram with 19 entries from top to bottom, the last one at +311.188s.</desc>"
    ));
    assert_eq!(drawn.matches("<g class=\"webhook\">").count(), 9);
    assert_eq!(drawn.matches("text-anchor=\"middle\">POST event answered</text>").count(), 2);
    assert!(drawn.contains("prefers-color-scheme:dark"));
    assert!(drawn.ends_with("</svg>\n"));
}

#[test]
fn escapes_what_it_is_told() {
    let label = "<script>alert('&\"')</script>\u{0}";
    let drawn = svg(&[between(0, Kind::Webhook, platform(), application(), label).detail("<b>")]);
    assert!(!drawn.contains("<script") && !drawn.contains("<b>"), "{drawn}");
    assert!(
        drawn.contains("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt; - &lt;b&gt;")
            || drawn
                .contains("&lt;script&gt;alert(&#39;&amp;&quot;&#39;)&lt;/script&gt;  - &lt;b&gt;")
    );
}

#[test]
fn draws_nothing_of_nothing() {
    assert!(svg(&[]).contains("<title id=\"title\">A call</title>"));
}
