"""Submits an execution, waits for its outcome and prints it.

RECEIVER_URL=http://127.0.0.1:8080 RECEIVER_KEY=... python3 examples/python/submit_and_wait.py
"""

import json
import os
import random
import time
import urllib.error
import urllib.request
import uuid

URL = os.environ.get("RECEIVER_URL", "http://127.0.0.1:8080")
KEY = os.environ["RECEIVER_KEY"]


def call(method, path, body=None, wait=50, attempts=6):
    """Sends one request and retries it while the receiver is unavailable or full. Submissions carry a correlationId, so retries are safe."""
    headers = {
        "Authorization": f"Bearer {KEY}",
        "Content-Type": "application/json",
        "Prefer": f"wait={wait}",
    }
    data = None if body is None else json.dumps(body).encode()
    for attempt in range(1, attempts + 1):
        pause = random.uniform(0, 0.25 * 2**attempt)
        try:
            request = urllib.request.Request(URL + path, data, headers, method=method)
            with urllib.request.urlopen(request, timeout=wait + 30) as response:
                return json.load(response)
        except urllib.error.HTTPError as error:
            # application/problem+json states the cause and the remedy.
            problem = error.read().decode()
            if error.code not in (429, 502, 503, 504) or attempt == attempts:
                raise SystemExit(problem) from error
            after = error.headers.get("Retry-After", "0")
            pause += int(after) if after.isdigit() else 0
        except OSError:
            if attempt == attempts:
                raise
        time.sleep(pause)


# The id is chosen before the first attempt: repeated submissions run once.
submission = {
    "correlationId": str(uuid.uuid4()),
    "actionId": "look-up-customer",
    "inputs": {"phone": "+43 1 234"},
}
execution = call("POST", "/v1/executions", submission)
give_up_at = time.monotonic() + 120
while execution["resolvedAt"] is None:
    if time.monotonic() > give_up_at:
        raise SystemExit(f"still running: {execution['correlationId']}")
    execution = call("GET", f"/v1/executions/{execution['correlationId']}")
print(execution["correlationId"], execution["status"], json.dumps(execution["result"] or execution["error"]))
