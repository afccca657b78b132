"""A recording is made and downloaded by the SDK."""

import tempfile
import wave
from pathlib import Path

from vonage_http_client.errors import FileStreamingError
from vonage_voice import CreateCallRequest, Phone, Record, ToPhone

from groups.calls import ROOM, linked
from local import BOB, application, equal, refused
from server import webhooks


def run(check):
    with webhooks(ROOM) as inbox, tempfile.TemporaryDirectory() as folder:
        made, client = application("Recordings", inbox.url)
        number = linked(client, made)
        with check("record: its webhook names the file"):
            call = client.voice.create_call(
                CreateCallRequest(
                    to=[ToPhone(number=BOB)],
                    from_=Phone(number=number),
                    ncco=[
                        Record(
                            format="wav",
                            endOnSilence=3,
                            beepStart=True,
                            eventUrl=[f"{inbox.url}/record"],
                        )
                    ],
                )
            )
            said = inbox.wait("record", lambda w: w.path == "/record").body
            equal(said["conversation_uuid"], call.conversation_uuid)
            url = said["recording_url"]
        file = Path(folder) / "recording.wav"
        with check("download: a WAV file"):
            client.voice.download_recording(url, str(file))
            with wave.open(str(file)) as audio:
                assert audio.getnframes() > 0
        with check("download: not with the key of another application"):
            _, other = application("Others")
            refused(
                FileStreamingError, lambda: other.voice.download_recording(url, str(file) + ".no")
            )
