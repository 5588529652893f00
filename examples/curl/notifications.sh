#!/bin/sh
# Shows what your app could not be told, and has it told again.
#   RECEIVER_KEY=… sh examples/curl/notifications.sh
# (A shell is no place to receive notifications: see the examples in TypeScript and Python.)

set -eu
. "$(dirname "$0")/receiver.sh"

receiver GET '/v1/notifications?status=DEAD&limit=20'
echo
receiver POST /v1/notifications/replay --data '{"status": "DEAD"}'
echo
