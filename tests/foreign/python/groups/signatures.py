"""Signed webhooks of a whole incoming call, verified by the SDK itself."""

import hashlib
import json
from urllib.request import Request, urlopen

import jwt
from vonage_numbers import UpdateNumberParams

from local import ALICE, BOB, SIGNATURE_SECRET, URL, application, equal
from server import webhooks

NCCO = [{"action": "talk", "text": "Hello"}]


def call(number):
    """Alice dials: the emulator's own API."""
    body = json.dumps({"from": ALICE, "to": number}).encode()
    request = Request(f"{URL}/_ringback/calls", body, {"content-type": "application/json"})
    with urlopen(request) as reply:
        return json.load(reply)["id"]


def run(check):
    with webhooks(NCCO) as inbox:
        made, client = application("Signatures", inbox.url)
        number = client.numbers.list_owned_numbers()[0][0]
        client.numbers.update_number(
            UpdateNumberParams(country=number.country, msisdn=number.msisdn, app_id=made.id)
        )
        uuid = call(number.msisdn)
        genuine = lambda w: client.voice.verify_signature(w.token, SIGNATURE_SECRET)
        claims = lambda w: jwt.decode(w.token, SIGNATURE_SECRET, algorithms=["HS256"])
        with check("answer webhook: a GET, and its signature is good"):
            answer = inbox.wait("answer", lambda w: w.path == "/answer")
            equal((answer.method, genuine(answer)), ("GET", True))
            equal(answer.body["from"], ALICE)
            equal(answer.body["to"], number.msisdn)
            equal(answer.body["uuid"], uuid)
        with check("event webhooks: POSTs, and every signature is good"):
            inbox.status(uuid, "completed")
            events = [w for w in inbox.kept if w.path == "/event"]
            equal({w.method for w in events}, {"POST"})
            equal([genuine(w) for w in events], [True] * len(events))
            states = [w.body["status"] for w in events if w.body.get("uuid") == uuid]
            equal(states, ["started", "ringing", "answered", "completed"])
        with check("the payload hash is that of the bytes"):
            for w in events:
                equal(claims(w)["payload_hash"], hashlib.sha256(w.raw).hexdigest())
            query = json.dumps(dict(answer.query), separators=(",", ":"))
            equal(claims(answer)["payload_hash"], hashlib.sha256(query.encode()).hexdigest())
        with check("the claims name the account and the application"):
            ids = set()
            for w in [answer, *events]:
                said = claims(w)
                equal((said["iss"], said["application_id"]), ("Vonage", made.id))
                equal(said["api_key"], client.http_client.auth.api_key)
                ids.add(said["jti"])
            equal(len(ids), 1 + len(events))
        with check("another secret: the signature is not good"):
            equal(client.voice.verify_signature(answer.token, "n" * 32), False)
