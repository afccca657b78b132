//! Languages and voices, as the platform's text-to-speech and speech recognition guides list them.

/// The languages of `talk`, those added since 2021 included.
#[rustfmt::skip]
pub(crate) const SPOKEN: &[&str] = &[
    "af-ZA", "ar", "bg-BG", "bn-IN", "ca-ES", "cmn-CN", "cmn-TW", "cs-CZ", "cy-GB", "da-DK",
    "de-AT", "de-DE", "el-GR", "en-AU", "en-GB", "en-GB-SCT", "en-GB-WLS", "en-IE", "en-IN",
    "en-NZ", "en-US", "en-ZA", "es-CO", "es-ES", "es-MX", "es-US", "eu-ES", "fi-FI", "fil-PH",
    "fr-CA", "fr-FR", "gl-ES", "gu-IN", "he-IL", "hi-IN", "hu-HU", "id-ID", "is-IS", "it-IT",
    "ja-JP", "kn-IN", "ko-KR", "lt-LT", "lv-LV", "ml-IN", "mr-IN", "ms-MY", "nb-NO", "nl-BE",
    "nl-NL", "no-NO", "pa-IN", "pl-PL", "pt-BR", "pt-PT", "ro-RO", "ru-RU", "sk-SK", "sr-RS",
    "sv-SE", "ta-IN", "te-IN", "th-TH", "tr-TR", "uk-UA", "vi-VN", "yue-CN",
];

/// The languages of speech recognition.
#[rustfmt::skip]
pub(crate) const HEARD: &[&str] = &[
    "af-ZA", "am-ET", "ar-AE", "ar-BH", "ar-DZ", "ar-EG", "ar-IL", "ar-IQ", "ar-JO", "ar-KW",
    "ar-LB", "ar-MA", "ar-OM", "ar-PS", "ar-QA", "ar-SA", "ar-TN", "az-AZ", "bg-BG", "bn-BD",
    "bn-IN", "ca-ES", "cmn-hans-cn", "cs-CZ", "da-DK", "de-DE", "el-GR", "en-AU", "en-CA", "en-GB",
    "en-GH", "en-IE", "en-IN", "en-KE", "en-NG", "en-NZ", "en-PH", "en-TZ", "en-US", "en-ZA",
    "es-AR", "es-BO", "es-CL", "es-CO", "es-CR", "es-DO", "es-EC", "es-ES", "es-GT", "es-HN",
    "es-MX", "es-NI", "es-PA", "es-PE", "es-PR", "es-PY", "es-SV", "es-US", "es-UY", "es-VE",
    "eu-ES", "fa-IR", "fi-FI", "fr-CA", "fr-FR", "gl-ES", "gu-IN", "he-IL", "hi-IN", "hr-HR",
    "hu-HU", "hy-AM", "id-ID", "is-IS", "it-IT", "ja-JP", "jv-ID", "ka-GE", "km-KH", "kn-IN",
    "ko-KR", "lo-LA", "lt-LT", "lv-LV", "ml-IN", "mr-IN", "ms-MY", "nb-NO", "ne-NP", "nl-NL",
    "pl-PL", "pt-BR", "pt-PT", "ro-RO", "ru-RU", "si-LK", "sk-SK", "sl-SI", "sq-AL", "sr-RS",
    "su-ID", "sv-SE", "sw-KE", "sw-TZ", "ta-IN", "ta-LK", "ta-MY", "ta-SG", "te-IN", "th-TH",
    "tr-TR", "uk-UA", "ur-IN", "ur-PK", "vi-VN", "zh", "zu-ZA",
];

/// The language and the style that replaced a voice's old name.
pub(crate) fn by_name(name: &str) -> Option<(&'static str, u32)> {
    let found = NAMES.iter().find(|(known, ..)| known.eq_ignore_ascii_case(name))?;
    Some((found.1, found.2))
}

#[rustfmt::skip]
const NAMES: &[(&str, &str, u32)] = &[
    ("Aditi", "hi-IN", 0), ("Alva", "sv-SE", 2), ("Amy", "en-GB", 0), ("Astrid", "sv-SE", 0),
    ("Bianca", "it-IT", 0), ("Brian", "en-GB", 4), ("Camila", "pt-BR", 5), ("Carla", "it-IT", 1),
    ("Carmen", "ro-RO", 0), ("Carmit", "he-IL", 0), ("Catarina", "pt-PT", 3),
    ("Celine", "fr-FR", 0), ("Cem", "tr-TR", 7), ("Chantal", "fr-CA", 0), ("Conchita", "es-ES", 0),
    ("Cristiano", "pt-PT", 5), ("Damayanti", "id-ID", 1), ("Dora", "is-IS", 0),
    ("Emma", "en-GB", 1), ("Empar", "es-ES", 3), ("Enrique", "es-ES", 4), ("Ewa", "pl-PL", 0),
    ("Felipe", "pt-BR", 4), ("Filiz", "tr-TR", 0), ("Geraint", "en-GB-WLS", 0),
    ("Giorgio", "it-IT", 4), ("Gwyneth", "cy-GB", 0), ("Hans", "de-DE", 3), ("Henrik", "nb-NO", 7),
    ("Ines", "pt-PT", 0), ("Ioana", "ro-RO", 1), ("Iveta", "cs-CZ", 1), ("Ivy", "en-US", 1),
    ("Jacek", "pl-PL", 5), ("Jan", "pl-PL", 6), ("Joana", "pt-PT", 4), ("Joanna", "en-US", 2),
    ("Joey", "en-US", 7), ("Jordi", "ca-ES", 1), ("Justin", "en-US", 8), ("Kanya", "th-TH", 0),
    ("Karl", "is-IS", 1), ("Kendra", "en-US", 3), ("Kimberly", "en-US", 0), ("Laila", "ar", 2),
    ("Laura", "sk-SK", 1), ("Lea", "fr-FR", 1), ("Lekha", "hi-IN", 2), ("Liv", "nb-NO", 0),
    ("Lotte", "nl-NL", 0), ("Lucia", "es-ES", 1), ("Luciana", "pt-BR", 2), ("Lupe", "es-US", 2),
    ("Mads", "da-DK", 2), ("Maged", "ar", 5), ("Maja", "pl-PL", 1), ("Mariska", "hu-HU", 1),
    ("Marlene", "de-DE", 0), ("Mathieu", "fr-FR", 5), ("Matthew", "en-US", 9),
    ("Maxim", "ru-RU", 4), ("Mei-Jia", "cmn-TW", 0), ("Melina", "el-GR", 1), ("Mia", "es-MX", 0),
    ("Miguel", "es-US", 1), ("Miren", "eu-ES", 0), ("Mizuki", "ja-JP", 0),
    ("Montserrat", "ca-ES", 0), ("Naja", "da-DK", 0), ("Nicole", "en-AU", 0),
    ("Nikos", "el-GR", 2), ("Nora", "nb-NO", 6), ("Oskar", "sv-SE", 3), ("Penelope", "es-US", 0),
    ("Raveena", "en-IN", 1), ("Ricardo", "pt-BR", 3), ("Ruben", "nl-NL", 4),
    ("Russell", "en-AU", 3), ("Salli", "en-US", 4), ("Satu", "fi-FI", 1), ("Seoyeon", "ko-KR", 0),
    ("Sin-Ji", "yue-CN", 0), ("Sora", "ko-KR", 3), ("Takumi", "ja-JP", 3), ("Tarik", "ar", 6),
    ("Tatyana", "ru-RU", 0), ("Tessa", "en-ZA", 0), ("Tian-Tian", "cmn-CN", 3),
    ("Vicki", "de-DE", 1), ("Vitoria", "pt-BR", 0), ("Yelda", "tr-TR", 4), ("Zeina", "ar", 0),
    ("Zhiyu", "cmn-CN", 0), ("Zuzana", "cs-CZ", 2),
];
