"""Users: create with channels, list, get, update, delete."""

from vonage_http_client.errors import NotFoundError
from vonage_users import (
    Channels,
    ListUsersFilter,
    MessengerChannel,
    Properties,
    PstnChannel,
    SipChannel,
    SmsChannel,
    User,
    VbcChannel,
    WebsocketChannel,
)

from local import application, equal, refused

CHANNELS = Channels(
    pstn=[PstnChannel(number=447700000003)],
    sip=[SipChannel(uri="sip:bob@phones.example", username="bob", password="example")],
    vbc=[VbcChannel(extension="403")],
    websocket=[
        WebsocketChannel(
            uri="wss://media.example/socket",
            content_type="audio/l16;rate=16000",
            headers={"Customer_ID": "ABC123", "nestedKey": {"a-b": 1}},
        )
    ],
    sms=[SmsChannel(number="447700000003")],
    messenger=[MessengerChannel(id="12345abcd")],
)
CUSTOM = {"Customer_ID": "ABC123", "nestedKey": {"a-b": [1, None, "x"]}}


def run(check):
    _, client = application("Users")
    api = client.users
    with check("list: empty, with its links"):
        equal(api.list_users(), ([], None))
    with check("create: without a field it is NAM-…"):
        bare = api.create_user()
        assert bare.id.startswith("USR-") and bare.name.startswith("NAM-"), bare
    with check("create: channels and custom data come back as they went"):
        bob = api.create_user(
            User(
                name="bob",
                display_name="Bob",
                image_url="https://demo.example/bob.png",
                channels=CHANNELS,
                properties=Properties(custom_data=CUSTOM),
            )
        )
        equal(bob.channels, CHANNELS)
        equal(bob.properties.custom_data, CUSTOM)
    with check("get: the same"):
        seen = api.get_user(bob.id)
        equal((seen.name, seen.display_name, seen.channels), ("bob", "Bob", CHANNELS))
        equal(seen.properties.custom_data, CUSTOM)
        assert seen.link and bob.id in seen.link, seen.link
    with check("list: a cursor leads through the pages"):
        ids, cursor = [], None
        for _ in range(3):
            some, cursor = api.list_users(ListUsersFilter(page_size=1, cursor=cursor))
            ids += [one.id for one in some]
            if not cursor:
                break
        equal((sorted(ids), cursor), (sorted([bare.id, bob.id]), None))
    with check("list: by name, and in the other order"):
        equal([one.id for one in api.list_users(ListUsersFilter(name="bob"))[0]], [bob.id])
        up = [one.id for one in api.list_users(ListUsersFilter(order="asc"))[0]]
        down = [one.id for one in api.list_users(ListUsersFilter(order="desc"))[0]]
        equal(down, up[::-1])
    with check("update: the whole model sent back, with id and link"):
        seen = api.get_user(bob.id)
        seen.display_name = "Bob B."
        seen = api.update_user(bob.id, seen)
        equal((seen.id, seen.display_name, seen.channels), (bob.id, "Bob B.", CHANNELS))
    with check("update: what is not named stays"):
        seen = api.update_user(bob.id, User(image_url="https://demo.example/b.png"))
        equal((seen.name, seen.display_name), ("bob", "Bob B."))
        equal(seen.properties.custom_data, CUSTOM)
    with check("delete: then it is not found"):
        for one in (bare, bob):
            equal(api.delete_user(one.id), None)
            refused(NotFoundError, lambda: api.get_user(one.id))
