"""Calls: create with a script and with an answer URL, list, get."""

from vonage_http_client.errors import HttpRequestError
from vonage_numbers import UpdateNumberParams
from vonage_voice import (
    Conversation,
    CreateCallRequest,
    ListCallsFilter,
    Phone,
    Talk,
    ToPhone,
)

from local import ALICE, BOB, application, equal, refused
from server import webhooks

ROOM = [{"action": "conversation", "name": "room"}]


def linked(client, made):
    """The account's number, linked to this application."""
    number = client.numbers.list_owned_numbers()[0][0]
    client.numbers.update_number(
        UpdateNumberParams(country=number.country, msisdn=number.msisdn, app_id=made.id)
    )
    return number.msisdn


def run(check):
    with webhooks(ROOM) as inbox:
        made, client = application("Calls", inbox.url)
        number = linked(client, made)
        api = client.voice
        to, from_ = [ToPhone(number=BOB)], Phone(number=number)
        with check("list: empty"):
            equal(api.list_calls(), ([], None))
        with check("create: with a script"):
            one = api.create_call(
                CreateCallRequest(to=to, from_=from_, ncco=[Talk(text="Hello")])
            )
            equal((one.status, one.direction), ("started", "outbound"))
            assert one.conversation_uuid.startswith("CON-"), one
        with check("its events: started, ringing, answered, completed"):
            inbox.status(one.uuid, "completed")
            states = [w.body.get("status") for w in inbox.kept if w.body.get("uuid") == one.uuid]
            equal(states, ["started", "ringing", "answered", "completed"])
        with check("get: completed, with price and times as text"):
            seen = api.get_call(one.uuid)
            equal((seen.uuid, seen.status, seen.direction), (one.uuid, "completed", "outbound"))
            equal((seen.to.number, seen.from_.number), (BOB, number))
            equal(seen.conversation_uuid, one.conversation_uuid)
            for text in (seen.rate, seen.price, seen.duration):
                assert float(text) >= 0, seen
            assert seen.start_time and seen.end_time and seen.network, seen
        with check("create: with an answer URL and an event URL of its own"):
            two = api.create_call(
                CreateCallRequest(
                    to=to,
                    from_=number,
                    answer_url=[f"{inbox.url}/answer"],
                    answer_method="GET",
                    event_url=[f"{inbox.url}/own"],
                    event_method="GET",
                )
            )
            said = inbox.status(two.uuid, "answered")
            equal((said.method, said.path), ("GET", "/own"))
            inbox.wait("answer", lambda w: w.path == "/answer" and w.body["uuid"] == two.uuid)
        with check("create: from one of the application's numbers"):
            three = api.create_call(
                CreateCallRequest(
                    to=[ToPhone(number=ALICE)],
                    random_from_number=True,
                    ncco=[Conversation(name="another")],
                )
            )
            equal(api.get_call(three.uuid).from_.number, number)
        with check("list: the record index leads through the pages"):
            ids, index = [], None
            for _ in range(3):
                some, index = api.list_calls(ListCallsFilter(page_size=1, record_index=index))
                ids += [call.uuid for call in some]
                if not index:
                    break
            equal((ids, index), ([one.uuid, two.uuid, three.uuid], None))
        with check("list: by status, conversation, time, and in the other order"):
            listed = lambda **filter: [c.uuid for c in api.list_calls(ListCallsFilter(**filter))[0]]
            equal(listed(status="completed"), [one.uuid])
            equal(listed(conversation_uuid=one.conversation_uuid), [one.uuid])
            equal(listed(date_start="2099-01-01T00:00:00Z"), [])
            equal(listed(date_end="2099-01-01T00:00:00Z"), ids)
            equal(listed(order="desc"), ids[::-1])
        with check("create: what cannot be is refused"):
            request = CreateCallRequest(to=[ToPhone(number="12")], from_=from_, ncco=[Talk(text="x")])
            error = refused(HttpRequestError, lambda: api.create_call(request))
            equal(error.response.status_code, 400)
        with check("hang up: both"):
            for call in (two, three):
                equal(api.hangup(call.uuid), None)
            inbox.status(two.uuid, "completed")
            inbox.status(three.uuid, "completed")
            equal(api.get_call(two.uuid).status, "completed")
