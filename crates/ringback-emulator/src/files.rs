//! The files of recordings: silence of the right length in the right format.

use std::{convert::Infallible, sync::Arc};

use axum::{body::Body, response::Response};
use bytes::Bytes;
use futures_util::{StreamExt as _, stream};
use http::{HeaderValue, Method, StatusCode, header};
use ringback_exchange::{Caller, File, Recording, Refusal};
use ringback_model::{
    Operation, OperationInfo, files::GetFile, ncco::RecordFormat, operation::RequestParts,
};

use crate::{
    http::{
        refusals::{Situation, refusal},
        reply,
    },
    platform::Platform,
};

/// About how many bytes go out at once.
const PIECE: usize = 64 * 1024;
/// A silent frame of MPEG-2 Layer III: 16 kHz, 32 kbit/s, 36 ms. All it does not say is zero.
const FRAME: usize = 144;

/// Whether an operation is about files.
pub(crate) fn serves(info: &OperationInfo) -> bool {
    info.id == GetFile::INFO.id
}

/// Answers with a file.
pub(crate) fn answer(
    platform: &Arc<Platform>,
    info: &'static OperationInfo,
    caller: &Caller,
    method: &Method,
    parts: &RequestParts,
) -> Result<Response, Refusal> {
    let no_file = |seen: String| {
        refusal(
            info.errors,
            Situation::NotFound,
            "file-unknown",
            "the id of the file",
            seen,
            "the end of a `recording_url` or `transcription_url`",
            "take the address as it came in the webhook",
        )
    };
    let Caller::Application { id: application, .. } = caller else {
        return Err(no_file("files belong to applications, and no application asks".to_owned()));
    };
    let file = GetFile::decode(parts).map_err(|fault| no_file(fault.sentence()))?.file_id;
    let file = platform.core().exchange.file(application, file.as_str())?;
    Ok(match file {
        File::Sound(recording) => sound(&recording, method),
        File::Text(text) => reply::json(StatusCode::OK, text),
    })
}

/// A recording with its length and, when it is asked for, its bytes.
fn sound(recording: &Recording, method: &Method) -> Response {
    let body =
        if *method == Method::HEAD { Body::empty() } else { Body::from_stream(pieces(recording)) };
    let mut response = reply::typed(StatusCode::OK, content_type(&recording.format), body);
    response.headers_mut().insert(header::CONTENT_LENGTH, HeaderValue::from(recording.bytes()));
    response
}

fn content_type(format: &RecordFormat) -> &'static str {
    match format {
        RecordFormat::Mp3 => "audio/mpeg",
        // There is nothing in an Ogg file to be compressed: it is served as WAV (a named rule).
        _ => "audio/wav",
    }
}

/// The bytes of a recording, made as they are taken.
fn pieces(
    recording: &Recording,
) -> impl futures_util::Stream<Item = Result<Bytes, Infallible>> + use<> {
    let (header, piece) = match recording.format {
        RecordFormat::Mp3 => (Vec::new(), mp3_frame(recording.channels).repeat(PIECE / FRAME)),
        _ => (wav_header(recording), vec![0; PIECE]),
    };
    let rest = recording.bytes().saturating_sub(header.len() as u64);
    let piece = Bytes::from(piece);
    let silence = stream::unfold(rest, move |rest| {
        let length = usize::try_from(rest).map_or(piece.len(), |rest| rest.min(piece.len()));
        let next = (length > 0).then(|| (piece.slice(..length), rest - length as u64));
        std::future::ready(next)
    });
    stream::iter([Bytes::from(header)]).chain(silence).map(Ok)
}

fn mp3_frame(channels: u32) -> Vec<u8> {
    let mut frame = vec![0; FRAME];
    let mode = if channels > 1 { 0x04 } else { 0xC4 };
    for (byte, value) in frame.iter_mut().zip([0xFF, 0xF3, 0x48, mode]) {
        *byte = value;
    }
    frame
}

/// The header of 16-bit PCM; a length that 32 bits cannot say is said as one that is not known.
fn wav_header(recording: &Recording) -> Vec<u8> {
    let channels = u16::try_from(recording.channels).unwrap_or(u16::MAX);
    let block = channels.saturating_mul(2);
    let small = |size: u64| u32::try_from(size).unwrap_or(u32::MAX).to_le_bytes();
    let bytes = recording.bytes();
    let mut header = Vec::with_capacity(44);
    let mut put = |bytes: &[u8]| header.extend_from_slice(bytes);
    put(b"RIFF");
    put(&small(bytes.saturating_sub(8)));
    put(b"WAVEfmt ");
    put(&16_u32.to_le_bytes());
    put(&1_u16.to_le_bytes());
    put(&channels.to_le_bytes());
    put(&Recording::RATE.to_le_bytes());
    put(&(Recording::RATE * u32::from(block)).to_le_bytes());
    put(&block.to_le_bytes());
    put(&16_u16.to_le_bytes());
    put(b"data");
    put(&small(bytes.saturating_sub(Recording::WAV_HEADER)));
    header
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sound;

    async fn bytes(recording: &Recording) -> Vec<u8> {
        let pieces: Vec<_> = pieces(recording).collect().await;
        pieces.into_iter().map(Result::unwrap).collect::<Vec<_>>().concat()
    }

    #[tokio::test]
    async fn a_file_has_the_length_it_is_said_to_have() {
        let check = async |format: RecordFormat, channels, millis, plays| {
            let recording = Recording { format, channels, millis };
            let bytes = bytes(&recording).await;
            assert_eq!(bytes.len() as u64, recording.bytes(), "{recording:?}");
            assert_eq!(sound::measure(&bytes), Ok(plays), "{recording:?}");
        };
        for channels in [1, 2, 32] {
            for millis in [0, 1, 999, 1_000, 61_234] {
                check(RecordFormat::Wav, channels, millis, millis).await;
            }
        }
        check(RecordFormat::Ogg, 1, 1_500, 1_500).await;
        for (millis, plays) in [(1, 36), (36, 36), (37, 72), (36_000, 36_000), (60_000, 60_012)] {
            check(RecordFormat::Mp3, 1, millis, plays).await;
            check(RecordFormat::Mp3, 2, millis, plays).await;
        }
        let nothing = Recording { format: RecordFormat::Mp3, channels: 1, millis: 0 };
        assert!(bytes(&nothing).await.is_empty());
    }

    #[test]
    fn a_length_that_does_not_fit_is_not_known() {
        let long = Recording { format: RecordFormat::Wav, channels: 32, millis: 7_200_000 };
        let header = wav_header(&long);
        assert_eq!((header.len(), &header[40..]), (44, [0xFF; 4].as_slice()));
    }
}
