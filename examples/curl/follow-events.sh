#!/bin/sh
# Prints the events of your executions as they occur. The example does not resume a lost connection: pass the last printed id
# as LAST_EVENT_ID to continue after it.
#   RECEIVER_KEY=… [LAST_EVENT_ID=17] sh examples/curl/follow-events.sh

set -eu
. "$(dirname "$0")/receiver.sh"

call GET /v1/events --no-buffer --header "Last-Event-ID: ${LAST_EVENT_ID:-}"
