#!/usr/bin/env bash
# What does json.Unmarshal of Go leave of the first page of results in the second when both are read into one slice?
#
# Versions:  Go 1.19 of Debian 12 (golang-go), standard library.
# Guess:     Nothing: "Unmarshal resets the slice length to zero and then appends each element", and an appended element begins empty.
# Behaviour: A member that a result of the second page leaves out keeps the value of the result at the same place of the first: the paid order c has the amount 100 and the error "declined" of order a,
#            and order d, whose error is null, has the error "expired" of order b.
#            With "omitempty" at the sender, each result without an error leaves it out. After page = page[:0] it is the same, and so is a page in a struct that is used again. So is a
#            json.Decoder in a loop over JSON lines with one variable. With a new variable for each page, or page = nil, the members are empty.
# Why the guess is wrong: the elements are not appended: the array behind the slice is used again, and each object is decoded over what is there. Only members that the JSON names are set, and null sets no number and no text.
# Source:    Go issue 21092 ("encoding/json: unmarshal into slice reuses element data between len and cap", open) and issue 39427 (a change to it was taken back); encoding/json, the comment of Unmarshal.
# Output seen: the text in `expected` at the end.
set -euo pipefail
case "$(go version 2>&1)" in *' go1.19.'*) ;; *) echo "needs Go 1.19 (golang-go)" >&2; exit 2 ;; esac
work="$(mktemp -d)"
trap 'rm -rf "$work"' EXIT
cd "$work"
cat >probe.go <<'GO'
package main

import (
	"encoding/json"
	"fmt"
	"io"
	"strings"
)

type result struct {
	ID     string `json:"id"`
	Amount int    `json:"amount,omitempty"`
	Error  string `json:"error,omitempty"`
}

const first = `[{"id":"a","amount":100,"error":"declined"},{"id":"b","amount":250,"error":"expired"}]`
const second = `[{"id":"c"},{"id":"d","amount":7,"error":null}]`

func read(text string, into any) {
	if err := json.Unmarshal([]byte(text), into); err != nil {
		panic(err)
	}
}

func main() {
	var page []result
	read(first, &page)
	fmt.Printf("first page: %+v\n", page)
	read(second, &page)
	fmt.Printf("second page, the same slice: %+v\n", page)

	page = nil
	read(first, &page)
	page = page[:0]
	read(second, &page)
	fmt.Printf("second page, behind page[:0]: %+v\n", page)

	var body struct {
		Results []result `json:"results"`
	}
	read(`{"results":`+first+`}`, &body)
	read(`{"results":`+second+`}`, &body)
	fmt.Printf("second page, the same struct: %+v\n", body.Results)

	page = nil
	read(first, &page)
	page = nil
	read(second, &page)
	fmt.Printf("second page, behind page = nil: %+v\n", page)

	lines := json.NewDecoder(strings.NewReader(`{"id":"a","amount":100,"error":"declined"}` + "\n" + `{"id":"c"}` + "\n"))
	var line result
	for {
		if err := lines.Decode(&line); err == io.EOF {
			break
		} else if err != nil {
			panic(err)
		}
		fmt.Printf("JSON lines, one variable: %+v\n", line)
	}
}
GO
GOCACHE="$work/cache" GO111MODULE=off go build -o probe probe.go
seen="$(./probe)"
printf '%s\n' "$seen"
expected="$(cat <<'TXT'
first page: [{ID:a Amount:100 Error:declined} {ID:b Amount:250 Error:expired}]
second page, the same slice: [{ID:c Amount:100 Error:declined} {ID:d Amount:7 Error:expired}]
second page, behind page[:0]: [{ID:c Amount:100 Error:declined} {ID:d Amount:7 Error:expired}]
second page, the same struct: [{ID:c Amount:100 Error:declined} {ID:d Amount:7 Error:expired}]
second page, behind page = nil: [{ID:c Amount:0 Error:} {ID:d Amount:7 Error:}]
JSON lines, one variable: {ID:a Amount:100 Error:declined}
JSON lines, one variable: {ID:c Amount:100 Error:declined}
TXT
)"
if [ "$seen" != "$expected" ]; then
  diff <(printf '%s\n' "$expected") <(printf '%s\n' "$seen") || true
  echo "the behaviour changed" >&2
  exit 1
fi
echo "ANSWER: a result that Go reads into a slice a second time keeps the amount and the error of the result that was at its place"
