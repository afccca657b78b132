"""A webhook server that keeps what it is sent, and a WAV file to stream."""

import io
import json
import threading
import wave
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qsl, urlsplit


@dataclass
class Webhook:
    """A webhook as it came over the wire."""

    method: str
    path: str
    query: list
    headers: dict
    raw: bytes

    @property
    def body(self):
        return json.loads(self.raw) if self.raw else dict(self.query)

    @property
    def token(self):
        return self.headers["authorization"].removeprefix("Bearer ")


class Inbox:
    """All webhooks so far; `wait` takes the first one that fits, now or within ten seconds."""

    def __init__(self, ncco):
        self.ncco = ncco
        self.url = ""
        self.kept = []
        self.changed = threading.Condition()

    def add(self, webhook):
        with self.changed:
            self.kept.append(webhook)
            self.changed.notify_all()

    def wait(self, what, fits):
        def first():
            return next((webhook for webhook in self.kept if fits(webhook)), None)

        with self.changed:
            found = self.changed.wait_for(first, timeout=10)
            seen = [(w.path, w.body.get("status", w.body.get("type"))) for w in self.kept]
        assert found, f"no webhook {what} in ten seconds; there were {seen}"
        return found

    def status(self, uuid, status):
        return self.wait(
            f"{status} of {uuid}",
            lambda w: w.body.get("uuid") == uuid and w.body.get("status") == status,
        )


def sound():
    """Half a second of silence."""
    file = io.BytesIO()
    with wave.open(file, "wb") as out:
        out.setnchannels(1)
        out.setsampwidth(2)
        out.setframerate(8000)
        out.writeframes(b"\0\0" * 4000)
    return file.getvalue()


@contextmanager
def webhooks(ncco):
    """Serves /answer (the script), /event (204), /sound.wav."""
    inbox = Inbox(ncco)

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_GET(self):
            raw = self.rfile.read(int(self.headers.get("content-length", 0)))
            at = urlsplit(self.path)
            if at.path == "/sound.wav":
                return self.reply(200, "audio/wav", sound())
            headers = {name.lower(): value for name, value in self.headers.items()}
            inbox.add(Webhook(self.command, at.path, parse_qsl(at.query), headers, raw))
            if at.path == "/answer":
                return self.reply(200, "application/json", json.dumps(inbox.ncco).encode())
            return self.reply(204, "application/json", b"")

        do_POST = do_GET

        def reply(self, status, kind, body):
            self.send_response(status)
            self.send_header("content-type", kind)
            self.send_header("content-length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_):
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    inbox.url = f"http://127.0.0.1:{server.server_port}"
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield inbox
    finally:
        server.shutdown()
        server.server_close()
