#!/usr/bin/env bash
# The tutorial as it is typed, with `ringback` for `nexmo`. Two things a person does by eye are done
# by pattern here: reading ids off the screen, and waiting until Bob has answered.
#
# Expects: `ringback` and `curl` on the PATH, RINGBACK_URL (the emulator), WEBHOOKS (the webhook
# server), WEBHOOK_LOG (its log). Leaves conversation.json and events.json in the working directory.
set -euo pipefail

# Repeats a command until it succeeds, for half a minute at most.
wait_for() {
    local end=$((SECONDS + 30))
    until "$@"; do
        if ((SECONDS >= end)); then
            echo "waited 30 s in vain for: $*" >&2
            return 1
        fi
        sleep 0.1
    done
}

eval "$(ringback env)"

# "Assuming you have already rented a number": the account starts with one.
ringback numbers list -o json > numbers.json
NUMBER="$(grep -oE '"msisdn": *"[0-9]+"' numbers.json | grep -oE '[0-9]+' | sed -n 1p)"
echo "NUMBER $NUMBER"

ringback app:create "Conversation App" "$WEBHOOKS/webhooks/answer" "$WEBHOOKS/webhooks/event" --keyfile private.key > app.txt
cat app.txt
APP_ID="$(grep -oE '[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}' app.txt | sed -n 1p)"

ringback link:app "$NUMBER" "$APP_ID"

JWT="$(ringback jwt:generate private.key exp=$(($(date +%s)+86400)) application_id="$APP_ID")"
echo "$JWT" | cut -c1-20

# Alice dials. The command draws the call until it ends, so it stays in a terminal of its own.
ringback call 447700000001 "$NUMBER" > call.txt 2>&1 &
CALL=$!
trap 'kill "$CALL" 2> kill.txt || true' EXIT

wait_for grep -qoE 'CON-[0-9a-f-]{36}' "$WEBHOOK_LOG"
CONVERSATION_ID="$(grep -oE 'CON-[0-9a-f-]{36}' "$WEBHOOK_LOG" | sed -n 1p)"
echo "CONVERSATION_ID $CONVERSATION_ID"

get_conversation() {
    curl --silent --show-error "$URL/beta/conversations/$CONVERSATION_ID" \
        -H "Authorization: Bearer $JWT" \
        -H "Content-Type: application/json" > conversation.json
}
both_talk() {
    get_conversation
    grep -qE '"sequence_number": *8' conversation.json
}
wait_for both_talk

curl --silent --show-error "$URL/beta/conversations/$CONVERSATION_ID/events" \
    -H "Authorization: Bearer $JWT" \
    -H "Content-Type: application/json" > events.json
