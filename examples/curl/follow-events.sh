#!/bin/sh
# Prints what happens to your executions as it happens. A lost connection is not resumed here: the last id printed, given as
# LAST_EVENT_ID, goes on after it.
#   RECEIVER_KEY=… [LAST_EVENT_ID=17] sh examples/curl/follow-events.sh

set -eu
. "$(dirname "$0")/receiver.sh"

receiver GET /v1/events --no-buffer --header "Last-Event-ID: ${LAST_EVENT_ID:-}"
