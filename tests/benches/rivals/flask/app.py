"""Takes signed events and keeps none: what `receiver-flask` is measured against."""

import hashlib
import hmac
import os

import jwt
from flask import Flask, request

app = Flask(__name__)
secret = os.environ["RINGBACK_BENCH_SECRET"]


@app.post("/webhooks/event")
def event():
    scheme, _, token = request.headers.get("authorization", "").partition(" ")
    if scheme.lower() != "bearer":
        return "", 401
    try:
        claims = jwt.decode(token, secret, algorithms=["HS256"])
    except jwt.InvalidTokenError:
        return "", 401
    payload = hashlib.sha256(request.get_data()).hexdigest()
    if not hmac.compare_digest(payload, claims.get("payload_hash", "")):
        return "", 401
    if not isinstance(request.get_json(), dict):
        return "", 400
    return "", 204
