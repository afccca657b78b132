"""The application behind the webhooks: it takes whatever the fuzzer makes the emulator send."""

import io
import json
import threading
import wave
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


def sound():
    """A fifth of a second of silence, as a WAV file."""
    out = io.BytesIO()
    with wave.open(out, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(16000)
        file.writeframes(bytes(6400))
    return out.getvalue()


class Application(BaseHTTPRequestHandler):
    """`/answer` gives a script that records and stays, `/sound.wav` a sound, all else nothing."""

    protocol_version = "HTTP/1.1"
    script = [
        {"action": "record", "endOnSilence": 3},
        {"action": "conversation", "name": "fuzz"},
    ]
    wav = sound()

    def do_GET(self):
        if self.path.startswith("/answer"):
            self.reply("application/json", json.dumps(self.script).encode())
        elif self.path.startswith("/sound"):
            self.reply("audio/wav", self.wav)
        else:
            self.reply("application/json", b"{}")

    def do_POST(self):
        self.rfile.read(int(self.headers.get("content-length") or 0))
        self.do_GET()

    def reply(self, kind, body):
        self.send_response(200)
        self.send_header("content-type", kind)
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass

    def handle(self):
        try:
            super().handle()
        except OSError:
            pass  # The emulator hung up; its business.


class Server(ThreadingHTTPServer):
    daemon_threads = True
    request_queue_size = 128


def serve():
    """Serves on a free port of this machine; says its origin."""
    server = Server(("127.0.0.1", 0), Application)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    return f"http://127.0.0.1:{server.server_port}"
