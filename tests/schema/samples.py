"""What a careful caller would send: path, query and body of each operation, with ids that exist.

`path` says the path parameters of an operation, `rest` its query and its body; None stands for what
the fuzzer has made up.
"""

from world import CALLER, MANUAL, NUMBER, SECOND, SPARES, STAYS

# What a case changes for good is made for it alone.
DESTROYS = ("Delete", "UpdateUser")


def rest(operation, world, path):
    """The query and the body of an operation."""
    module, _, name = operation.partition(".")
    own = globals().get(f"{module}_{name}") or globals().get(f"any_{name}")
    query, body = own(world, path) if own else (None, None)
    return {} if name.startswith("List") else query, body


def path(operation, world):
    """Every path parameter by its name."""
    module, _, name = operation.partition(".")
    found = {}
    fresh = name.startswith(DESTROYS)
    if module in ("beta", "v0_1", "v0_2", "v0_3", "v1"):
        found |= world.invited() if name == "UpdateMember" else world.room(fresh)
        if name in ("RecordConversation", "StartTalk", "StopTalk", "StartStream", "StopStream"):
            found["conversation_id"] = world.live()["conversation_uuid"]
        if name == "DeleteLeg":
            found["leg_id"] = world.live()["uuid"]
    elif module == "calls":
        found["uuid"] = world.live()["uuid"] if name not in ("CreateCall", "ListCalls") else ""
    elif module == "applications":
        found["application_id"] = world.spare_application(fresh)
    elif module == "account":
        found["kind"] = world.random.choice(["sms", "voice"])
    elif module == "files":
        found["file_id"] = world.file()
    elif module == "control":
        found |= control(name, world)
    return found


def control(name, world):
    if "Call" in name or name == "GetTranscript":
        return {"call_id": world.live()["uuid"]} if name not in ("ListCalls", "PlaceCall") else {}
    if name in ("AnswerPhone", "DeclinePhone"):
        return {"number": world.ringing()}
    if name in ("HangUpPhone", "PressKeys", "Say"):
        return {"number": world.talking()}
    if name == "SetPhone":
        return {"number": world.random.choice(MANUAL)}
    if "Webhook" in name:
        return {"webhook_id": world.webhook()}
    if name == "ReleaseClock":
        return {"lease_id": world.lease()}
    if name == "GetRefusal":
        return {"trace": world.trace()}
    return {}


# Conversations of all generations.


def any_CreateConversation(world, path):
    return None, {"name": world.name("room"), "display_name": "A room", "properties": {"ttl": 60}}


any_UpdateConversation = any_CreateConversation


def any_CreateUser(world, path):
    return None, {"name": world.name("user"), "display_name": "A user"}


any_UpdateUser = any_CreateUser


def user(world):
    return (world.ask("POST", "/v1/users", {"name": world.name("guest")}) or {}).get("id", "none")


def beta_CreateMember(world, path):
    return None, {"user_id": user(world), "action": "join", "channel": {"type": "app"}}


def v1_CreateMember(world, path):
    return None, {"user": {"id": user(world)}, "state": "joined", "channel": {"type": "app"}}


def beta_UpdateMember(world, path):
    return None, {"action": "join"}


def v1_UpdateMember(world, path):
    return None, {"state": "left"}


def beta_CreateEvent(world, path):
    said = {"text": "hello"}
    kind = world.random.choice(["text", "custom:thing"])
    return None, {"type": kind, "from": path["member_id"], "body": said}


def v1_CreateEvent(world, path):
    said = {"message_type": "text", "text": "hello"}
    kind = world.random.choice(["message", "custom:thing"])
    return None, {"type": kind, "from": path["member_id"], "body": said}


v0_1_CreateMember, v0_1_UpdateMember, v0_1_CreateEvent = (
    beta_CreateMember,
    beta_UpdateMember,
    beta_CreateEvent,
)
v0_3_CreateMember, v0_3_UpdateMember = v1_CreateMember, v1_UpdateMember
v0_3_CreateEvent = beta_CreateEvent


def v1_RecordConversation(world, path):
    return None, {"action": world.random.choice(["start", "stop"]), "format": "mp3"}


def any_StartTalk(world, path):
    return None, {"text": "Hello", "loop": 1}


def any_StartStream(world, path):
    return None, {"stream_url": [world.emulator.hooks + "/sound.wav"], "loop": 1}


# Calls.


def calls_CreateCall(world, path):
    to = world.random.choice(
        [
            {"type": "phone", "number": "447700000003"},
            {"type": "sip", "uri": "sip:bob@sip.example"},
            {"type": "app", "user": "seeded"},
            {"type": "vbc", "extension": "123"},
        ]
    )
    script = world.random.choice(
        [
            {"answer_url": [world.emulator.hooks + "/answer"]},
            {"ncco": [{"action": "talk", "text": "Hello"}]},
        ]
    )
    return None, {"to": [to], "from": {"type": "phone", "number": NUMBER}, **script}


calls_CreateIpCall = calls_CreateCall


def calls_UpdateCall(world, path):
    script = {"type": "ncco", "ncco": [{"action": "conversation", "name": "other"}]}
    fetched = {"type": "ncco", "url": [world.emulator.hooks + "/answer"]}
    return None, world.random.choice(
        [
            {"action": "mute"},
            {"action": "unmute"},
            {"action": "earmuff"},
            {"action": "unearmuff"},
            {"action": "transfer", "destination": script},
            {"action": "transfer", "destination": fetched},
            {"action": "hangup"},
        ]
    )


def calls_SendDtmf(world, path):
    return None, {"digits": "1p2#"}


def calls_SubscribeDtmf(world, path):
    return None, {"event_url": [world.emulator.hooks + "/dtmf"]}


# The account.


def applications_CreateApplication(world, path):
    hook = {"address": world.emulator.hooks + "/answer", "http_method": "GET"}
    capabilities = {"voice": {"webhooks": {"answer_url": hook}}}
    keys = {"public_key": world.key}
    return None, {"name": world.name("made"), "keys": keys, "capabilities": capabilities}


applications_UpdateApplication = applications_CreateApplication


def numbers_SearchNumbers(world, path):
    return {"country": "GB"}, None


def numbers_BuyNumber(world, path):
    return None, {"country": "GB", "msisdn": world.stock()}


def numbers_CancelNumber(world, path):
    return None, {"country": "GB", "msisdn": world.rented()}


def numbers_UpdateNumber(world, path):
    return None, {"country": "GB", "msisdn": world.random.choice(SPARES)}


def account_GetPhonePricing(world, path):
    return {"phone": STAYS}, None


def account_GetPricing(world, path):
    return {"country": "GB"}, None


def insight_BasicInsight(world, path):
    return {"number": STAYS}, None


# The control API.


def control_PlaceCall(world, path):
    return None, {"from": CALLER, "to": world.random.choice([NUMBER, SECOND])}


def control_WaitForCall(world, path):
    return {"status": "answered", "within": 1}, None


def control_AdvanceClock(world, path):
    return None, {"milliseconds": 100}


def control_HoldClock(world, path):
    return None, {"seconds": 1}


def control_SetPhone(world, path):
    return None, {"name": "Carol", "script": "manual"}


def control_PressKeys(world, path):
    return None, {"digits": "1#"}


def control_Say(world, path):
    return None, {"text": "sales"}


def control_Seed(world, path):
    phone = {"number": "447700000041", "script": "busy"}
    user = {"application": world.application, "name": world.name("seeded")}
    return None, {"phones": [phone], "users": [user]}
