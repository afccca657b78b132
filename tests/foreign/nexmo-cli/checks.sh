#!/usr/bin/env bash
# nexmo-cli 0.3.17, unchanged: the commands of the tutorial and those around them.
source "$(dirname "$0")/../checks.sh"

check "setup" "" nexmo setup "$VONAGE_API_KEY" "$VONAGE_API_SECRET"
check "balance" "^[0-9.]+ EUR" nexmo balance

check "app:create" "Application created: $uuid" \
    nexmo app:create "Conversation App" http://127.0.0.1:9/webhooks/answer \
    http://127.0.0.1:9/webhooks/event --keyfile private.key
app=$(first "$uuid")
check "app:create writes the private key" "BEGIN PRIVATE KEY" cat private.key
check "app:list" "$app \| Conversation App" nexmo app:list
check "app:list -v" "Item 1-[0-9]+ of [0-9]+" nexmo app:list -v
check "app:show" "Conversation App" nexmo app:show "$app"
check "app:update" "Application updated: $app" \
    nexmo app:update "$app" "Same App" http://127.0.0.1:9/answer http://127.0.0.1:9/event
check "app:show shows the update" "http://127.0.0.1:9/answer" nexmo app:show "$app" -v

jwt=$(nexmo jwt:generate private.key exp=$(($(date +%s) + 86400)) application_id="$app")
check "jwt:generate: accepted, so the update kept the key" "^200$" accepted "$jwt"
check "jwt:generate with subject and ACL" "^200$" accepted "$(
    nexmo jwt:generate private.key sub=alice exp=$(($(date +%s) + 60)) \
        acl='{"paths":{"/*/conversations/**":{}}}' application_id="$app"
)"
check "jwt:generate for another application: refused" "^401$" accepted "$(
    nexmo jwt:generate private.key application_id="$VONAGE_APPLICATION_ID"
)"

check "numbers:search by country" "^44[0-9]+" nexmo numbers:search GB
check "numbers:search by pattern and features" "^1[0-9]+" \
    nexmo numbers:search US --pattern '1*' --voice --sms
number=$(first '^1[0-9]+')
check "number:buy" "Number purchased: $number" nexmo number:buy "$number" --confirm
check "number:buy by pattern" "Number purchased: 44[0-9]+" nexmo number:buy '44*' -c GB --confirm
second=$(first '44[0-9]+')
refuse "number:buy of what is sold" 1 "method failed|not available|already" \
    nexmo number:buy "$number" --confirm
check "link:app" "Number updated" nexmo link:app "$number" "$app"
check "numbers:list" "^$number" nexmo numbers:list
check "numbers:list by pattern" "^$number" nexmo numbers:list --pattern "*${number: -4}"
check "app:numbers" "$number" nexmo app:numbers "$app"
check "unlink:app" "Number updated" nexmo unlink:app "$number"
absent "unlink:app unlinked" "$number" nexmo app:numbers "$app"
check "link:tel" "Number updated" nexmo link:tel "$number" 447700000003
check "link:sip" "Number updated" nexmo link:sip "$number" sip:bob@phones.example
check "link:sms" "Number updated" nexmo link:sms "$number" http://127.0.0.1:9/sms
check "number:cancel" "Number cancelled: $number" nexmo number:cancel "$number" --confirm
check "number:cancel with the country" "Number cancelled: $second" \
    nexmo number:cancel "$second" --confirm -c GB
absent "numbers:list without them" "^($number|$second)" nexmo numbers:list

check "insight:basic" "447700000003 \| GB" nexmo insight:basic 447700000003
check "app:delete" "Application deleted" nexmo app:delete "$app" --confirm
absent "app:list without it" "$app" nexmo app:list
check "a deleted application's token: refused" "^401$" accepted "$jwt"
refuse "setup with another secret" 1 "authentication failed" nexmo setup "$VONAGE_API_KEY" wrong
finish
