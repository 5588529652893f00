"""Submits many executions at once under an Idempotency-Key: run it again with the same key, and nothing runs again.

RECEIVER_KEY=... BATCH=reminders-2026-01-31 python3 examples/python/batch.py
"""

import json
import os
import urllib.error
import urllib.request

URL = os.environ.get("RECEIVER_URL", "http://127.0.0.1:8080")
KEY = os.environ["RECEIVER_KEY"]
BATCH = os.environ.get("BATCH", "reminders-2026-01-31")

customers = ["4711", "4712", "4713"]
body = {
    "executions": [{"actionId": "send-reminder", "inputs": {"customer": one}, "priority": 2} for one in customers],
    # True: all of them or none.
    "atomic": False,
}
headers = {
    "Authorization": f"Bearer {KEY}",
    "Content-Type": "application/json",
    "Idempotency-Key": f'"{BATCH}"',
}
request = urllib.request.Request(URL + "/v1/executions/batch", json.dumps(body).encode(), headers)
try:
    with urllib.request.urlopen(request, timeout=60) as answer:
        answered = json.load(answer)
except urllib.error.HTTPError as error:
    raise SystemExit(error.read().decode()) from error

print(answered["accepted"], "accepted,", answered["refused"], "refused")
for customer, item in zip(customers, answered["items"]):
    if "execution" in item:
        print(customer, item["execution"]["correlationId"])
    else:
        print(customer, item["problem"]["title"], item["problem"]["detail"])
