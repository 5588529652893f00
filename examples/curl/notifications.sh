#!/bin/sh
# Lists the dead letters of your app and replays them.
#   RECEIVER_KEY=… sh examples/curl/notifications.sh
# To receive notifications, see the other examples.

set -eu
. "$(dirname "$0")/receiver.sh"

receiver GET '/v1/notifications?status=DEAD&limit=20'
echo
receiver POST /v1/notifications/replay --data '{"status": "DEAD"}'
echo
