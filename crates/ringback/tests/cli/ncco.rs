//! Checking call scripts.

use crate::run::Place;

const GOOD: &str =
    r#"[{"action":"connect","endpoint":[{"type":"phone","number":"447700000003"}]}]"#;
const FAULTY: &str =
    "[\n  {\"action\": \"talk\", \"text\": \"Hello\"},\n  {\"action\": \"conect\"}\n]";

#[test]
fn good_and_faulty_scripts() {
    let place = Place::new().file("good.json", GOOD).file("faulty.json", FAULTY);
    let good = place.run(&["ncco", "check", "good.json"]).ended(0);
    assert_eq!(good.out, "good.json: good (1 action)\n");

    let faulty = place.run(&["ncco", "check", "good.json", "faulty.json"]).ended(1);
    assert!(faulty.out.contains("faulty.json:3:14 (/1/action)"), "{}", faulty.out);
    assert!(faulty.out.contains("did you mean `connect`?"), "{}", faulty.out);
    assert!(!faulty.out.contains('\x1b'));

    let piped = place.feed(&["ncco", "check", "-"], FAULTY).ended(1);
    assert!(piped.out.contains("stdin:3:14"), "{}", piped.out);

    let json = place.run(&["ncco", "check", "faulty.json", "-o", "json"]).ended(1).json();
    let finding = &json[0]["findings"][0];
    assert_eq!(json[0]["valid"], false);
    assert_eq!(finding["pointer"], "/1/action");
    assert_eq!((&finding["line"], &finding["column"]), (&3.into(), &14.into()));

    let missing = place.run(&["ncco", "check", "missing.json"]).ended(1);
    assert_eq!(missing.err, "error: there is no file `missing.json`\n");
}

#[test]
fn a_locale_without_utf8_gets_ascii() {
    let text = r#"[{"action":"talk","text":"Grüße","textt":"…"}]"#;
    for (locale, ascii) in [("C", true), ("POSIX", true), ("C.UTF-8", false)] {
        let place = Place::new().set("LC_ALL", locale).file("a.json", text);
        let ran = place.run(&["ncco", "check", "a.json"]);
        assert_eq!(ran.out.is_ascii(), ascii, "{locale}: {}", ran.out);
        assert!(ran.code == 0 || ran.code == 1);
    }
}
