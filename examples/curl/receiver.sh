# What the examples share: calls the receiver with the app's key. To be sourced: . ./receiver.sh

: "${RECEIVER_URL:=http://127.0.0.1:8080}"
: "${RECEIVER_KEY:?is the key of your app}"

# receiver METHOD PATH [curl options]: prints the answer, fails on a problem and prints that.
# 408, 429, 5xx and refused connections are tried again, which is safe for whatever has a correlationId or a key.
receiver() {
  method=$1
  path=$2
  shift 2
  # The key goes in by stdin, so that no list of processes shows it.
  curl --config - --silent --show-error --fail-with-body --retry 5 --retry-connrefused \
    --request "$method" --header 'Content-Type: application/json' "$@" "$RECEIVER_URL$path" <<END
header = "Authorization: Bearer $RECEIVER_KEY"
END
}
