"""The SDK pointed at the emulator, and what every group of checks uses."""

import os
from contextlib import contextmanager
from urllib.parse import urlsplit

from requests.adapters import HTTPAdapter
from vonage import Auth, HttpClientOptions, Vonage
from vonage_application import (
    ApplicationConfig,
    Capabilities,
    Voice,
    VoiceUrl,
    VoiceWebhooks,
)

URL = os.environ["RINGBACK_URL"]
SIGNATURE_SECRET = os.environ["VONAGE_SIGNATURE_SECRET"]
ALICE = "447700000001"
BOB = "447700000003"
NOWHERE = "http://127.0.0.1:9"


class Emulator(HTTPAdapter):
    """Carries what the SDK sends by https to the platform's hosts to the emulator."""

    def send(self, request, **options):
        to = urlsplit(URL)
        request.url = urlsplit(request.url)._replace(scheme=to.scheme, netloc=to.netloc).geturl()
        return super().send(request, **options)


def connect(https=os.environ.get("RINGBACK_TLS_URL"), **auth):
    """A client; by the https listener where the emulator has one, else by the adapter above."""
    if https:
        host = urlsplit(https).netloc
        return Vonage(Auth(**auth), HttpClientOptions(api_host=host, rest_host=host))
    client = Vonage(Auth(**auth))
    client.http_client._session.mount("https://", Emulator())
    return client


def account():
    """A client with the account's key and secret."""
    return connect(
        api_key=os.environ["VONAGE_API_KEY"], api_secret=os.environ["VONAGE_API_SECRET"]
    )


def application(name, webhooks=NOWHERE):
    """A new application, and a client with its key beside the account's."""
    made = account().application.create_application(
        ApplicationConfig(
            name=name,
            capabilities=Capabilities(
                voice=Voice(
                    webhooks=VoiceWebhooks(
                        answer_url=VoiceUrl(address=f"{webhooks}/answer", http_method="GET"),
                        event_url=VoiceUrl(address=f"{webhooks}/event", http_method="POST"),
                    )
                )
            ),
        )
    )
    client = connect(
        api_key=os.environ["VONAGE_API_KEY"],
        api_secret=os.environ["VONAGE_API_SECRET"],
        application_id=made.id,
        private_key=made.keys.private_key,
    )
    return made, client


class Report:
    """What passed and what did not: one line for each check."""

    def __init__(self):
        self.group = ""
        self.failed = 0

    @contextmanager
    def __call__(self, name):
        try:
            yield
        except NameError as error:
            self.fail(name, f"needs an earlier check that failed ({error})")
        except Exception as error:
            self.fail(name, " ".join(f"{type(error).__name__}: {error}".split()))
        else:
            print(f"ok {self.group}: {name}", flush=True)

    def fail(self, name, reason):
        self.failed += 1
        print(f"FAILED {self.group}: {name}: {reason[:900]}", flush=True)


def equal(seen, wanted):
    assert seen == wanted, f"{seen!r} is not {wanted!r}"


def within(part, whole, at=""):
    """All of the part has to be in the whole, which may say more."""
    for name, value in part.items():
        place = f"{at}/{name}"
        assert name in whole, f"{place} is missing"
        if isinstance(value, dict):
            within(value, whole[name], place)
        else:
            assert whole[name] == value, f"{place} is {whole[name]!r}, not {value!r}"


def refused(error, call):
    """The call has to raise exactly this error; returns it."""
    try:
        value = call()
    except NameError:
        raise
    except Exception as raised:
        assert type(raised) is error, f"{type(raised).__name__}, not {error.__name__}: {raised}"
        headers = getattr(getattr(raised, "response", None), "headers", {})
        assert headers.get("ringback-reason") != "path-unknown", f"not served: {raised}"
        return raised
    raise AssertionError(f"accepted, where {error.__name__} was due: {value!r}")
