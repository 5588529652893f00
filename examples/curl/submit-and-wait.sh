#!/bin/sh
# Submits an execution, waits for its outcome and prints it.
#   RECEIVER_URL=http://127.0.0.1:8080 RECEIVER_KEY=… sh examples/curl/submit-and-wait.sh

set -eu
. "$(dirname "$0")/receiver.sh"

# The id is chosen before the first attempt: repeated submissions run once.
id="customer-$(date +%s)-$$"

# The problem (RFC 9457) states the cause and the remedy.
fail() {
  printf '%s: %s\n' "$id" "$execution" >&2
  exit 1
}

submission='{"correlationId": "'$id'", "actionId": "look-up-customer", "inputs": {"phone": "+43 1 234"}}'
execution=$(receiver POST /v1/executions --header 'Prefer: wait=50' --data "$submission") || fail

# resolvedAt is null while the execution is open; with jq: jq -e .resolvedAt
while printf '%s' "$execution" | grep -q '"resolvedAt":null'; do
  execution=$(receiver GET "/v1/executions/$id" --header 'Prefer: wait=50') || fail
done
printf '%s\n' "$execution"
