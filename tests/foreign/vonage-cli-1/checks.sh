#!/usr/bin/env bash
# @vonage/cli 1.2.4, unchanged. What it sends wrong itself (numbers:cancel buys) is not checked.
source "$(dirname "$0")/../checks.sh"

check "balance" "[0-9]+\.[0-9]+" vonage balance
check "apps" "$VONAGE_APPLICATION_ID" vonage apps
check "apps:create" "$uuid" vonage apps:create "Conversation App" \
    --voice_answer_url=http://127.0.0.1:9/answer --voice_event_url=http://127.0.0.1:9/event
app=$(first "$uuid")
check "apps:create writes the private key" "BEGIN PRIVATE KEY" cat conversation_app.key
check "apps:show" "http://127.0.0.1:9/answer" vonage apps:show "$app"
check "apps:update" "" vonage apps:update "$app" \
    --voice_answer_url=http://127.0.0.1:9/other --voice_event_url=http://127.0.0.1:9/event
check "apps:show shows the update" "http://127.0.0.1:9/other" vonage apps:show "$app"
check "jwt: accepted" "^200$" accepted "$(
    vonage jwt --key_file=conversation_app.key --app_id="$app"
)"
check "jwt for another application: refused" "^401$" accepted "$(
    vonage jwt --key_file=conversation_app.key --app_id="$VONAGE_APPLICATION_ID"
)"
check "numbers:search" "44[0-9]{8,}" vonage numbers:search GB
number=$(first '44[0-9]{8,}')
check "numbers:buy" "$number" vonage numbers:buy "$number" GB
check "numbers" "$number" vonage numbers
check "apps:link" "" vonage apps:link "$app" --number="$number"
check "numbers shows the link" "$app" vonage numbers
finish
