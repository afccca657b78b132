"""Tokens both ways: ours are what the SDK's library reads, the SDK's are accepted."""

import os
import subprocess
import time

import jwt
from vonage_http_client.errors import AuthenticationError

from local import account, application, connect, equal, refused


def run(check):
    made, client = application("Tokens")
    other, _ = application("Others")
    read = lambda client: client.http_client.get(client.http_client.api_host, "/v1/conversations")
    with check("the SDK's token is accepted"):
        equal(type(read(client)["_embedded"]["conversations"]), list)
    with check("a token that another key signed is refused"):
        foreign = connect(application_id=made.id, private_key=other.keys.private_key)
        refused(AuthenticationError, lambda: read(foreign))
    with check("a token of an application that nobody has is refused"):
        unknown = "00000000-0000-4000-8000-000000000000"
        nobody = connect(application_id=unknown, private_key=made.keys.private_key)
        refused(AuthenticationError, lambda: read(nobody))
    with check("a token of a deleted application is refused"):
        gone = connect(application_id=other.id, private_key=other.keys.private_key)
        read(gone)
        account().application.delete_application(other.id)
        refused(AuthenticationError, lambda: read(gone))
    with check("our token: the claims that the SDK's have, and a good signature"):
        ringback = [os.environ["RINGBACK"], "jwt", "create", "--application-id", made.id]
        ours = subprocess.run(
            [*ringback, "--private-key", made.keys.private_key],
            check=True,
            capture_output=True,
            text=True,
        ).stdout.strip()
        claims = jwt.decode(ours, made.keys.public_key, algorithms=["RS256"])
        theirs = jwt.decode(
            client.http_client.auth.generate_application_jwt(),
            made.keys.public_key,
            algorithms=["RS256"],
        )
        equal(claims.keys(), theirs.keys())
        equal(claims["application_id"], made.id)
        assert claims["iat"] <= time.time() < claims["exp"]
