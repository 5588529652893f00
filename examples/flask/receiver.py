"""Receives notifications with Flask: accepts only signed requests, and prints each outcome once.

RECEIVER_KEY=... PORT=9000 python3 examples/flask/receiver.py

Flask is in pip (flask) and in Debian (python3-flask).
"""

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.request

from flask import Flask, request

URL = os.environ.get("RECEIVER_URL", "http://127.0.0.1:8080")
KEY = os.environ["RECEIVER_KEY"]
PORT = int(os.environ.get("PORT", "9000"))
TOLERANCE_SECONDS = 300


def read_secrets():
    request = urllib.request.Request(URL + "/v1/notifications/secrets", headers={"Authorization": f"Bearer {KEY}"})
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)["secrets"]


def is_genuine(secrets, headers, body):
    """Checks a recent HMAC-SHA256 over "id.timestamp.body" under one of the secrets (Standard Webhooks)."""
    message_id = headers.get("webhook-id", "")
    timestamp = headers.get("webhook-timestamp", "")
    if not timestamp.isdigit() or abs(time.time() - int(timestamp)) > TOLERANCE_SECONDS:
        return False
    signed = f"{message_id}.{timestamp}.".encode() + body
    signatures = headers.get("webhook-signature", "").encode().split()
    for secret in secrets:
        key = base64.b64decode(secret.removeprefix("whsec_"))
        expected = b"v1," + base64.b64encode(hmac.new(key, signed, hashlib.sha256).digest())
        if any(hmac.compare_digest(expected, signature) for signature in signatures):
            return True
    return False


SECRETS = read_secrets()
KNOWN = set()
app = Flask(__name__)


@app.post("/")
def receive():
    # The received bytes: request.json serialized again would have another signature.
    body = request.get_data()
    if not is_genuine(SECRETS, request.headers, body):
        return "", 400
    # Notifications can repeat. Store the ids and the outcomes in your database before you respond with 2xx.
    if request.headers["webhook-id"] not in KNOWN:
        KNOWN.add(request.headers["webhook-id"])
        notification = json.loads(body)
        data = notification["data"]
        print(notification["type"], data["correlationId"], data["status"], json.dumps(data["result"]), flush=True)
    return "", 204


if __name__ == "__main__":
    app.run(host="127.0.0.1", port=PORT)
