# Shared by the examples: calls the receiver with the app's key. Source this file: . ./receiver.sh

: "${RECEIVER_URL:=http://127.0.0.1:8080}"
: "${RECEIVER_KEY:?is the key of your app}"

# receiver METHOD PATH [curl options]: prints the response. Prints a problem and fails.
# Retries 408, 429, 5xx and refused connections. That is safe for requests with a correlationId or an Idempotency-Key.
receiver() {
  method=$1
  path=$2
  shift 2
  # The key is passed on stdin, so that the list of processes does not show it.
  curl --config - --silent --show-error --fail-with-body --retry 5 --retry-connrefused \
    --request "$method" --header 'Content-Type: application/json' "$@" "$RECEIVER_URL$path" <<END
header = "Authorization: Bearer $RECEIVER_KEY"
END
}
