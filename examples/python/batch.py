"""Submits a batch under an Idempotency-Key. A second run with the same key executes nothing again.

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
    "executions": [{"actionId": "send-reminder", "inputs": {"customer": customer}, "priority": 2} for customer in customers],
    # True: accept all of them or none.
    "atomic": False,
}
headers = {
    "Authorization": f"Bearer {KEY}",
    "Content-Type": "application/json",
    "Idempotency-Key": f'"{BATCH}"',
}
request = urllib.request.Request(URL + "/v1/executions/batch", json.dumps(body).encode(), headers)
try:
    with urllib.request.urlopen(request, timeout=60) as response:
        result = json.load(response)
except urllib.error.HTTPError as error:
    raise SystemExit(error.read().decode()) from error

print(result["accepted"], "accepted,", result["refused"], "refused")
for customer, item in zip(customers, result["items"]):
    if "execution" in item:
        print(customer, item["execution"]["correlationId"])
    else:
        print(customer, item["problem"]["title"], item["problem"]["detail"])
