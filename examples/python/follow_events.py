"""Prints the events of your executions as they occur. A lost connection is resumed without a gap or a repeat.

RECEIVER_KEY=... [LAST_EVENT_ID=17] python3 examples/python/follow_events.py
"""

import json
import os
import time
import urllib.error
import urllib.request

URL = os.environ.get("RECEIVER_URL", "http://127.0.0.1:8080")
KEY = os.environ["RECEIVER_KEY"]
# Without an id the stream begins now. Store the last id to resume after a restart of this program.
last = os.environ.get("LAST_EVENT_ID", "")


def events(response):
    """Yields the blocks of a stream of server-sent events as (id, data); data is empty in blocks that only update the id."""
    event_id, data = None, []
    for line in (raw.decode().rstrip("\r\n") for raw in response):
        field, _, value = line.partition(":")
        value = value.removeprefix(" ")
        if field == "id":
            event_id = value
        elif field == "data":
            data.append(value)
        elif line == "":
            yield event_id, "\n".join(data)
            event_id, data = None, []


while True:
    request = urllib.request.Request(URL + "/v1/events", headers={"Authorization": f"Bearer {KEY}"})
    if last:
        request.add_header("Last-Event-ID", last)
    try:
        # A heartbeat arrives every 15 seconds; a longer silence means a dead connection.
        with urllib.request.urlopen(request, timeout=45) as response:
            for event_id, data in events(response):
                last = event_id or last
                if data:
                    entry = json.loads(data)
                    ended = f" ended: {entry['terminalStatus']}" if entry["terminalStatus"] else ""
                    print(f"{entry['id']} {entry['event']} {entry['correlationId']}{ended}", flush=True)
    except urllib.error.HTTPError as error:
        if error.code not in (429, 502, 503, 504):
            raise SystemExit(error.read().decode()) from error
    except OSError:
        pass
    time.sleep(2)
