#!/bin/sh
# Submits a batch under an Idempotency-Key. A second run with the same key executes nothing again.
#   RECEIVER_KEY=… BATCH=reminders-2026-01-31 sh examples/curl/batch.sh

set -eu
. "$(dirname "$0")/receiver.sh"

batch='{
  "executions": [
    {"actionId": "send-reminder", "inputs": {"customer": "4711"}, "priority": 2},
    {"actionId": "send-reminder", "inputs": {"customer": "4712"}, "priority": 2},
    {"actionId": "send-reminder", "inputs": {"customer": "4713"}, "priority": 2}
  ]
}'
receiver POST /v1/executions/batch --header "Idempotency-Key: \"${BATCH:=reminders-2026-01-31}\"" --data "$batch"
echo
