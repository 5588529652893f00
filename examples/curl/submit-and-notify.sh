#!/bin/sh
# Submits an execution whose outcome is sent to NOTIFY_URL. Start one of the notification receivers first.
#   RECEIVER_KEY=… NOTIFY_URL=http://127.0.0.1:9000/ sh examples/curl/submit-and-notify.sh

set -eu
. "$(dirname "$0")/receiver.sh"

: "${NOTIFY_URL:=http://127.0.0.1:9000/}"

submission='{"correlationId": "notify-'$(date +%s)-$$'", "actionId": "look-up-customer", "notifyUrl": "'$NOTIFY_URL'"}'
receiver POST /v1/executions --data "$submission"
echo
