//! The recordings that are kept.

use ringback_model::{
    control::{ListRecordings, Recording as View, Recordings},
    files::FileId,
};

use crate::Exchange;

pub(in crate::rest) fn recordings(exchange: &Exchange, _operation: &ListRecordings) -> Recordings {
    let shown = exchange.takes.iter().map(|(_, take)| {
        let sound = take.sound(exchange.now);
        let file = FileId::new(take.file.dashed(""));
        let mut shown = View::new(take.id(), file, exchange.file_url(take.file));
        shown.conversation = Some(take.conversation_id());
        shown.size = Some(sound.bytes());
        shown.format = Some(sound.format);
        shown.channels = Some(sound.channels);
        shown.millis = Some(sound.millis);
        shown.started = Some(take.started);
        shown.ended = take.ended;
        shown
    });
    Recordings::new(shown.collect())
}
