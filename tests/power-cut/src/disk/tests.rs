use super::*;

const NEW: &str = "new";
const OLD: &str = "old";

/// What many cuts leave after the same was done, in a directory with one file that has one byte.
fn left(done: impl Fn(&Arc<Disk>)) -> Vec<Image> {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(OLD), [1]).unwrap();
    let mut dice = Dice::new(1);
    let mut cut = || {
        let disk = Arc::new(Disk::new(folder.path(), dice.split()).unwrap());
        done(&disk);
        disk.cut()
    };
    (0..60).map(|_| cut()).collect()
}

/// How many of them have this content under this name.
fn count(images: &[Image], name: &str, content: &[u8]) -> usize {
    images.iter().filter(|image| image.files.get(name).is_some_and(|c| c == content)).count()
}

#[test]
fn what_is_synced_is_there_and_the_rest_may_be() {
    let images = left(|disk| {
        let file = disk.open(OLD, false);
        file.write(1, &[2], || ()).unwrap();
        file.sync().unwrap();
        file.write(2, &[3], || ()).unwrap();
    });
    let (without, with) = (count(&images, OLD, &[1, 2]), count(&images, OLD, &[1, 2, 3]));
    assert_eq!(without + with, images.len());
    assert!(without > 0 && with > 0, "{without}, {with}");
    let thrown: u64 = images.iter().map(Image::thrown).sum();
    assert_eq!(thrown, without as u64);
}

#[test]
fn a_name_is_there_when_the_directory_was_synced() {
    for is_journal in [false, true] {
        let images = left(|disk| {
            let file = disk.open(NEW, is_journal);
            file.write(0, &[7], || ()).unwrap();
            file.sync().unwrap();
        });
        let there = count(&images, NEW, &[7]);
        // The sync of a file that is no new journal leaves the directory as it was.
        assert_eq!(there == images.len(), is_journal, "{there}");
        assert!(there > 0);
    }
}

#[test]
fn what_was_deleted_may_come_back() {
    for synced in [false, true] {
        let images = left(|disk| disk.delete(OLD, synced, || ()).unwrap());
        let back = count(&images, OLD, &[1]);
        assert_eq!(back == 0, synced, "{back}");
        assert!(back < images.len());
    }
}

#[test]
fn nothing_works_once_the_power_is_cut() {
    let images = left(|disk| {
        let file = disk.open(OLD, false);
        disk.cut_after(1);
        file.write(1, &[2], || ()).unwrap();
        assert!(!disk.is_off());
        // The fuse burns at the sync, which is not done.
        assert_eq!(file.sync(), None);
        assert!(disk.is_off() && disk.wait(Duration::ZERO));
        assert_eq!(file.write(1, &[3], || unreachable!("the power is off")), None);
        assert_eq!(disk.delete(OLD, true, || unreachable!("the power is off")), None);
    });
    assert_eq!(count(&images, OLD, &[1]) + count(&images, OLD, &[1, 2]), images.len());
}
