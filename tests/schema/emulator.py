"""The emulator, started with nowhere to go but this machine."""

import json
import os
import shutil
import subprocess
import tempfile
import time
from pathlib import Path

import requests



class Emulator:
    """A running emulator; `with` ends it."""

    def __init__(self, binary, hooks):
        self.binary = str(Path(binary).resolve())
        self.folder = Path(tempfile.mkdtemp(prefix="ringback-schema-"))
        self.hooks = hooks

    def __enter__(self):
        ready, variables = self.folder / "ready", self.folder / "env"
        self.log = self.folder / "emulator.log"
        command = [self.binary, "emulator", "--port", "0", "--clock", "auto", "--seed", "1"]
        command += ["--ready-file", ready, "--env-file", variables]
        # Whatever address the fuzzer thinks of leads here or nowhere; loopback needs no proxy.
        nowhere = dict.fromkeys(["HTTP_PROXY", "HTTPS_PROXY", "http_proxy", "https_proxy"])
        kept = {name: value for name, value in os.environ.items() if name not in nowhere}
        kept.update(dict.fromkeys(nowhere, "http://127.0.0.1:9"))
        for name in ("NO_PROXY", "no_proxy"):
            kept.pop(name, None)
        with self.log.open("wb") as log:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=log, stderr=log, env=kept
            )
        end = time.monotonic() + 30
        while not (ready.exists() and variables.exists() and ready.read_text().strip()):
            if self.process.poll() is not None or time.monotonic() > end:
                said = self.tail()
                self.__exit__()
                raise SystemExit(f"the emulator did not start:\n{said}")
            time.sleep(0.02)
        self.url = ready.read_text().strip()
        self.variables = read(variables.read_text())
        return self

    def __exit__(self, *_):
        self.process.terminate()
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        shutil.rmtree(self.folder, ignore_errors=True)

    def token(self, *more):
        """A token of the application, minted by our own command line."""
        command = [self.binary, "jwt", "create", "--ttl", "86400", *more]
        made = subprocess.run(
            command, env={**os.environ, **self.variables}, capture_output=True, text=True
        )
        if made.returncode:
            raise SystemExit(f"ringback jwt create failed: {made.stderr}")
        return made.stdout.strip()

    def is_well(self):
        """Whether it runs and answers."""
        if self.process.poll() is not None:
            return False
        try:
            return requests.get(f"{self.url}/healthz", timeout=10).status_code == 200
        except requests.RequestException:
            return False

    def tail(self):
        """The end of its log."""
        return "\n".join(self.log.read_text(errors="replace").splitlines()[-40:])


def read(text):
    """The variables of an environment file."""
    pairs = (line.partition("=") for line in text.splitlines() if "=" in line)
    return {name: json.loads(value) for name, _, value in pairs}
