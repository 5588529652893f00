# Shared by the examples: calls the receiver with the app's key. Source this file: . ./receiver.sh

: "${RECEIVER_URL:=http://127.0.0.1:8080}"
: "${RECEIVER_KEY:?is the key of your app}"

# call METHOD PATH [curl options]: makes one attempt and prints the response. Prints a problem and fails.
call() {
  method=$1
  path=$2
  shift 2
  # The key is passed on stdin, so that the list of processes does not show it.
  curl --config - --silent --show-error --fail-with-body \
    --request "$method" --header 'Content-Type: application/json' "$@" "$RECEIVER_URL$path" <<END
header = "Authorization: Bearer $RECEIVER_KEY"
END
}

# receiver METHOD PATH [curl options]: calls, and prints the last response.
# Retries 408, 429, 5xx and refused connections. That is safe for requests with a correlationId or an Idempotency-Key.
receiver() {
  # Of a file curl keeps the last attempt only; on standard output the problem of each attempt precedes the response.
  response=$(mktemp)
  status=0
  call "$@" --retry 5 --retry-connrefused --output "$response" || status=$?
  cat "$response"
  rm "$response"
  return "$status"
}
