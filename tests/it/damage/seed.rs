//! Seed files, as the binary reads them.

use std::{
    fs,
    process::{Command, Stdio},
};

use ringback_tests::{binary, damage::fuzz, rounds};

#[test]
fn damaged_seed_files_are_read_or_refused() {
    let ringback = binary("ringback");
    if !ringback.exists() {
        assert_ne!(std::env::var_os("CI"), Some("true".into()), "the binary is not built");
        return;
    }
    let file = std::env::temp_dir().join(format!("ringback-seed-{}", std::process::id()));
    // A process for each: a soak tries hundreds of them, not hundreds of thousands.
    let outcome = fuzz("seed", rounds(30).min(1_000), &[], |bytes| {
        fs::write(&file, bytes).unwrap();
        let emulator = ["emulator", "--port", "0", "--seed-file"];
        let output = Command::new(&ringback)
            .args(emulator)
            .arg(&file)
            .args(["--", "true"])
            .stdin(Stdio::null())
            .output()
            .unwrap();
        let told = String::from_utf8_lossy(&output.stderr);
        assert!(!told.contains("panicked"), "{told}");
        assert!(matches!(output.status.code(), Some(0..=3)), "{} {told}", output.status);
        // A refusal says something.
        assert!(output.status.success() || !told.trim().is_empty());
    });
    fs::remove_file(&file).unwrap();
    assert_eq!(outcome, Ok(()));
}
