//! Directories that cannot be used, and the sentence for each.

use std::path::Path;

use super::{Deed, INPUTS, Kept, block_on, open_core};

/// Long enough to be taken for a file of something.
const NO_DATABASE: [u8; 400] = [b'x'; 400];

#[test]
fn unreadable_directories_are_explained() {
    let check = |spoil: &dyn Fn(&Path), expected: &str| {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state");
        let mut kept = Kept::open(&path, INPUTS);
        for number in 0..3 {
            kept.happens(&Deed::SetPhone(number, 1));
        }
        block_on(kept.store.close());
        spoil(&path);
        let error = open_core(&path, INPUTS).err().map(|error| error.to_string());
        let start = format!("the data directory {} cannot be used: ", path.display());
        assert_eq!(error, Some(format!("{start}{expected}")));
    };
    let file = |path: &Path| path.join("ringback.sqlite");
    let sql = |path: &Path, text: &str| {
        rusqlite::Connection::open(file(path)).unwrap().execute_batch(text).unwrap();
    };
    let restore = "put back a copy of the directory, or move ringback.sqlite* away to begin anew";
    let version =
        "start the version of ringback that wrote it, or give another directory to begin anew";
    check(
        &|path| std::fs::write(file(path), NO_DATABASE).unwrap(),
        &format!("ringback.sqlite there is no database; {restore}"),
    );
    check(
        &|path| sql(path, "PRAGMA application_id = 0"),
        "ringback.sqlite there is a database of something else; give another directory",
    );
    check(
        &|path| sql(path, "PRAGMA user_version = 9"),
        &format!("its tables are of version 9, and this emulator reads version 1; {version}"),
    );
    check(
        &|path| sql(path, "DELETE FROM inputs WHERE number = 2"),
        &format!("input 2 is missing before input 3; {restore}"),
    );
    check(
        &|path| sql(path, "UPDATE inputs SET version = 9 WHERE number = 2"),
        &format!("input 2 is written in version 9, and this emulator reads version 1; {version}"),
    );
    check(
        &|path| sql(path, r#"UPDATE inputs SET input = '{"input":"dream"}' WHERE number = 2"#),
        &format!("input 2 cannot be read; {version}"),
    );
    check(
        &|path| sql(path, "UPDATE facts SET value = '' WHERE name = 'identity'"),
        &format!("the fact `identity` in it cannot be read; {version}"),
    );
    check(
        &|path| {
            std::fs::remove_dir_all(path).unwrap();
            std::fs::write(path, "").unwrap();
        },
        "it is a file and no directory; give the path of a directory, or one where none is yet",
    );
    let directory = tempfile::tempdir().unwrap();
    let kept = Kept::open(directory.path(), INPUTS);
    let error = open_core(directory.path(), INPUTS).err().unwrap().to_string();
    let expected = "another emulator keeps its state there at the moment; stop the other one, or \
                    give another directory";
    assert!(error.ends_with(expected), "{error}");
    block_on(kept.store.close());
    drop(open_core(directory.path(), INPUTS).unwrap());
}
