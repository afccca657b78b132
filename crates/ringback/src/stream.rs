//! What happens on the platform, as it happens.

use ringback_client::{Client, Open};
use ringback_model::{
    LegId,
    control::{StreamEvents, TranscriptEntry},
};

use crate::{context::Context, errors::Complaint};

/// Everything that happens in a call, from its beginning on.
pub(crate) struct Happenings<'a> {
    context: &'a Context,
    client: &'a Client,
    call: LegId,
    open: Open,
    buffer: Vec<u8>,
    last: u64,
    fresh: bool,
}

impl<'a> Happenings<'a> {
    pub(crate) async fn of(
        context: &'a Context,
        client: &'a Client,
        call: &LegId,
    ) -> anyhow::Result<Self> {
        let open = open(context, client, call, 0).await?;
        let call = call.clone();
        Ok(Self { context, client, call, open, buffer: Vec::new(), last: 0, fresh: false })
    }

    /// The next thing that happens; waits as long as it takes.
    pub(crate) async fn next(&mut self) -> anyhow::Result<TranscriptEntry> {
        loop {
            if let Some(entry) = self.take()? {
                self.last = entry.sequence;
                self.fresh = true;
                return Ok(entry);
            }
            match self.open.chunk().await {
                Ok(Some(chunk)) => self.buffer.extend_from_slice(&chunk),
                // A reader that fell behind is cut off, and may go on from where it was.
                Ok(None) | Err(_) if self.fresh => {
                    self.fresh = false;
                    self.buffer.clear();
                    self.open = open(self.context, self.client, &self.call, self.last).await?;
                }
                Ok(None) => {
                    return Err(Complaint::failure("the emulator has stopped").into());
                }
                Err(error) => return self.context.judged(self.client, Err(error)).await,
            }
        }
    }

    /// A whole event of what was received.
    fn take(&mut self) -> anyhow::Result<Option<TranscriptEntry>> {
        while let Some(end) = self.buffer.windows(2).position(|pair| pair == b"\n\n") {
            let event: Vec<u8> = self.buffer.drain(..end + 2).collect();
            let text = String::from_utf8_lossy(&event);
            let data: Vec<&str> =
                text.lines().filter_map(|line| line.strip_prefix("data:")).collect();
            if !data.is_empty() {
                return Ok(Some(serde_json::from_str(&data.join("\n"))?));
            }
        }
        Ok(None)
    }
}

async fn open(
    context: &Context,
    client: &Client,
    call: &LegId,
    since: u64,
) -> anyhow::Result<Open> {
    let operation = StreamEvents::new().call(call.as_str()).since(since);
    let opened = client.open(&operation).await;
    context.judged(client, opened).await
}
