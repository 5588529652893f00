"""Submits an execution and receives its outcome as a notification: a small server that accepts only signed requests.

RECEIVER_KEY=... PORT=9000 NOTIFY_URL=http://127.0.0.1:9000/ python3 examples/python/receive_notifications.py

NOTIFY_URL is the URL at which the receiver reaches this server. Unless it is public https, list it in NOTIFY_ALLOWED_HOSTS of the receiver.
"""

import base64
import hashlib
import hmac
import json
import os
import time
import urllib.request
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

URL = os.environ.get("RECEIVER_URL", "http://127.0.0.1:8080")
KEY = os.environ["RECEIVER_KEY"]
PORT = int(os.environ.get("PORT", "9000"))
NOTIFY_URL = os.environ.get("NOTIFY_URL", f"http://127.0.0.1:{PORT}/")
TOLERANCE_SECONDS = 300


def call(method, path, body=None):
    headers = {"Authorization": f"Bearer {KEY}", "Content-Type": "application/json"}
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(URL + path, data, headers, method=method)
    with urllib.request.urlopen(request, timeout=30) as response:
        return json.load(response)


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


SECRETS = call("GET", "/v1/notifications/secrets")["secrets"]
KNOWN = set()


class Handler(BaseHTTPRequestHandler):
    def do_POST(self):
        body = self.rfile.read(int(self.headers.get("content-length", 0)))
        genuine = is_genuine(SECRETS, self.headers, body)
        # Notifications can repeat. Store the ids and the outcomes in your database before you respond with 2xx.
        if genuine and self.headers["webhook-id"] not in KNOWN:
            KNOWN.add(self.headers["webhook-id"])
            notification = json.loads(body)
            data = notification["data"]
            print(notification["type"], data["correlationId"], data["status"], json.dumps(data["result"]), flush=True)
        self.send_response(204 if genuine else 400)
        self.end_headers()

    def log_message(self, *_):
        """Logs nothing: the notifications are printed above."""


server = ThreadingHTTPServer(("127.0.0.1", PORT), Handler)
submission = {
    "correlationId": str(uuid.uuid4()),
    "actionId": "look-up-customer",
    "inputs": {"phone": "+43 1 234"},
    "notifyUrl": NOTIFY_URL,
}
print("submitted", call("POST", "/v1/executions", submission)["correlationId"], flush=True)
server.serve_forever()
