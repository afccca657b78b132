"""A call in progress: mute, earmuff, talk, stream, DTMF, transfer, hang up."""

from vonage_http_client.errors import HttpRequestError, NotFoundError
from vonage_voice import (
    AudioStreamOptions,
    Conversation,
    CreateCallRequest,
    Phone,
    ToPhone,
    TtsStreamOptions,
)

from groups.calls import ROOM, linked
from local import BOB, application, equal, refused
from server import webhooks


def moved(inbox, conversation):
    """The transfer webhook of a leg that left this conversation."""
    return inbox.wait(
        f"transfer from {conversation}",
        lambda w: w.body.get("type") == "transfer"
        and w.body["conversation_uuid_from"] == conversation,
    ).body


def run(check):
    with webhooks(ROOM) as inbox:
        made, client = application("Controls", inbox.url)
        number = linked(client, made)
        api = client.voice
        sound = f"{inbox.url}/sound.wav"
        call = api.create_call(
            CreateCallRequest(
                to=[ToPhone(number=BOB)],
                from_=Phone(number=number),
                ncco=[Conversation(name="controls")],
            )
        )
        uuid = call.uuid
        inbox.status(uuid, "answered")
        with check("mute, unmute, earmuff, unearmuff: 204, and no body"):
            for control in (api.mute, api.unmute, api.earmuff, api.unearmuff):
                equal(control(uuid), None)
                equal(client.http_client.last_response.status_code, 204)
                equal(client.http_client.last_response.content, b"")
        with check("talk, and stop"):
            said = api.play_tts_into_call(
                uuid, TtsStreamOptions(text="Hello", language="en-GB", style=1, level=-0.5, loop=0)
            )
            equal((said.message, said.uuid), ("Talk started", uuid))
            equal(api.stop_tts(uuid).message, "Talk stopped")
        with check("stream, and stop"):
            said = api.play_audio_into_call(
                uuid, AudioStreamOptions(stream_url=[sound], loop=0, level=0.5)
            )
            equal((said.message, said.uuid), ("Stream started", uuid))
            equal(api.stop_audio_stream(uuid).message, "Stream stopped")
        with check("DTMF"):
            said = api.play_dtmf_into_call(uuid, "1p23#")
            equal((said.message, said.uuid), ("DTMF sent", uuid))
        with check("transfer to a script, into another conversation"):
            # Its first move was into the conversation with a name.
            named = moved(inbox, call.conversation_uuid)["conversation_uuid_to"]
            equal(api.transfer_call_ncco(uuid, [Conversation(name="elsewhere")]), None)
            equal(client.http_client.last_response.status_code, 204)
            on = moved(inbox, named)
            equal(on["uuid"], uuid)
            assert on["conversation_uuid_to"].startswith("CON-"), on
        with check("transfer to an answer URL"):
            equal(api.transfer_call_answer_url(uuid, f"{inbox.url}/answer"), None)
            inbox.wait("answer", lambda w: w.path == "/answer" and w.body.get("uuid") == uuid)
        with check("hang up: 204, completed, and no control reaches it"):
            equal(api.hangup(uuid), None)
            inbox.status(uuid, "completed")
            refused(NotFoundError, lambda: api.transfer_call_ncco(uuid, [Conversation(name="x")]))
            raised = None
            try:
                api.play_tts_into_call(uuid, TtsStreamOptions(text="Too late"))
            except HttpRequestError as error:
                raised = error.response.status_code
            assert raised in (400, 404), raised
