#!/usr/bin/env bash
# @vonage/cli 3.2.1, unchanged: applications, numbers, users, conversations, members, tokens.
source "$(dirname "$0")/../checks.sh"

# It reads the locale's country, and stops without one.
export LC_ALL=en_US.UTF-8 NO_COLOR=1

account=(--api-key "$VONAGE_API_KEY" --api-secret "$VONAGE_API_SECRET")
check "balance" "[0-9]+\.[0-9]+" vonage balance "${account[@]}"
check "apps list" "$VONAGE_APPLICATION_ID" vonage apps list "${account[@]}"
check "apps create" "$uuid" vonage apps create "Conversation App" \
    --private-key-file "$PWD/private.key" "${account[@]}"
app=$(first "$uuid")
check "apps create writes the private key" "BEGIN PRIVATE KEY" cat private.key
check "apps show" "Conversation App" vonage apps show "$app" "${account[@]}"
check "apps show --json" "\"id\": *\"$app\"" vonage apps show "$app" --json "${account[@]}"
check "apps update" "Same App" vonage apps update "$app" --name "Same App" "${account[@]}"

check "auth set" "" vonage auth set --api-key "$VONAGE_API_KEY" \
    --api-secret "$VONAGE_API_SECRET" --app-id "$app" --private-key "$PWD/private.key"
check "auth check: the key pairs with the application's" "" vonage auth check

check "numbers search" "44[0-9]{8,}" vonage numbers search GB
number=$(first '44[0-9]{8,}')
check "numbers buy" "$number" vonage numbers buy GB "$number" --force
check "numbers list" "$number" vonage numbers list
check "numbers list --json" "\"msisdn\": *\"$number\"" vonage numbers list --json
check "apps numbers link" "$number" vonage apps numbers link "$app" "$number"
check "apps numbers list" "$number" vonage apps numbers list "$app"
check "apps validate" "" vonage apps validate "$app"
check "numbers update" "" vonage numbers update GB "$number" --voice-callback-type tel \
    --voice-callback-value 447700000003 --force
check "numbers cancel" "" vonage numbers cancel GB "$number" --force
refuse "numbers cancel of what is not owned" 44 "" vonage numbers cancel GB "$number" --force

# It hides and shows the cursor on stdout, terminal or not.
jwt=$(vonage jwt create | tr -d '[:space:]' | sed -E 's/\x1b\[\?25[lh]//g')
check "jwt create: accepted" "^200$" accepted "$jwt"
check "jwt validate" "" vonage jwt validate "$jwt"
ours=$("$RINGBACK" jwt create --application-id "$app" --private-key private.key)
check "jwt validate of our token" "" vonage jwt validate "$ours"

user="USR-$uuid"
check "users create" "$user" vonage users create --name bob --display-name Bob \
    --custom-data '{"Customer_ID":"ABC123"}' --ttl 60 --pstn-number 447700000003 \
    --sip-url sip:bob@phones.example --sip-username bob --sip-password example \
    --websocket-url wss://media.example/socket \
    --websocket-content-type 'audio/l16;rate=16000' --websocket-headers '{"Customer_ID":"ABC123"}'
bob=$(first "$user")
check "users list" "$bob" vonage users list
check "users show" "Bob" vonage users show "$bob"
check "users update" "" vonage users update "$bob" --display-name "Bob B."
check "users show shows the update" "Bob B\." vonage users show "$bob"

conversation="CON-$uuid"
check "conversations create" "$conversation" vonage conversations create --name room \
    --display-name "The room" --ttl 3600 --custom-data '{"Customer_ID":"ABC123"}'
room=$(first "$conversation")
check "conversations list" "$room" vonage conversations list
check "conversations show" "The room" vonage conversations show "$room"
check "conversations update" "" vonage conversations update "$room" --display-name "Other"
check "conversations show shows the update" "Other" vonage conversations show "$room"

member="MEM-$uuid"
check "members create" "$member" vonage members create "$room" --state invited \
    --user-id "$bob" --channel-from-type app --channel-to-user bob
bobs=$(first "$member")
check "members list" "$bobs" vonage members list "$room"
check "members show" "INVITED" vonage members show "$room" "$bobs"
check "members update" "" vonage members update "$room" "$bobs" --state joined --from "$bobs"
check "members show shows the update" "JOINED" vonage members show "$room" "$bobs"

check "conversations delete" "" vonage conversations delete "$room" --force
refuse "conversations show of what is not there" 20 "" vonage conversations show "$room"
check "users delete" "" vonage users delete "$bob" --force
check "apps delete" "" vonage apps delete "$app" --force
refuse "auth set with another secret" 5 "" \
    vonage auth set --api-key "$VONAGE_API_KEY" --api-secret wrong
finish
