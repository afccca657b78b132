"""Applications: create, list, get, update, delete, and one's own public key."""

from cryptography.hazmat.primitives.asymmetric import rsa
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat
from vonage_application import (
    ApplicationConfig,
    ApplicationUrl,
    Capabilities,
    Keys,
    ListApplicationsFilter,
    Messages,
    MessagesWebhooks,
    Privacy,
    Rtc,
    RtcWebhooks,
    Vbc,
    Voice,
    VoiceUrl,
    VoiceWebhooks,
)
from vonage_http_client.errors import NotFoundError

from local import account, equal, refused, within

EVERYTHING = Capabilities(
    voice=Voice(
        webhooks=VoiceWebhooks(
            answer_url=VoiceUrl(
                address="https://demo.example/answer",
                http_method="POST",
                connect_timeout=500,
                socket_timeout=3000,
            ),
            fallback_answer_url=VoiceUrl(
                address="https://demo.example/fallback", http_method="GET"
            ),
            event_url=VoiceUrl(address="https://demo.example/event", http_method="POST"),
        ),
        signed_callbacks=True,
        conversations_ttl=12,
        leg_persistence_time=7,
        region="eu-west",
    ),
    rtc=Rtc(
        webhooks=RtcWebhooks(
            event_url=ApplicationUrl(address="https://demo.example/rtc", http_method="POST")
        )
    ),
    messages=Messages(
        webhooks=MessagesWebhooks(
            inbound_url=ApplicationUrl(address="https://demo.example/in", http_method="POST"),
            status_url=ApplicationUrl(address="https://demo.example/out", http_method="POST"),
        ),
        version="v1",
    ),
    vbc=Vbc(),
)


def public_key():
    key = rsa.generate_private_key(public_exponent=65537, key_size=2048).public_key()
    return key.public_bytes(Encoding.PEM, PublicFormat.SubjectPublicKeyInfo).decode()


def run(check):
    api = account().application
    with check("create: the private key is PKCS#8"):
        made = api.create_application(ApplicationConfig(name="One"))
        assert made.keys.private_key.startswith("-----BEGIN PRIVATE KEY-----")
        assert made.keys.public_key.startswith("-----BEGIN PUBLIC KEY-----")
    with check("create: every setting comes back"):
        full = api.create_application(
            ApplicationConfig(
                name="Two", capabilities=EVERYTHING, privacy=Privacy(improve_ai=False)
            )
        )
        sent, seen = EVERYTHING.model_dump(exclude_none=True), full.capabilities.model_dump()
        within(sent, seen)
        equal(full.privacy.improve_ai, False)
    with check("get: without the private key"):
        seen = api.get_application(full.id)
        equal(seen.capabilities, full.capabilities)
        equal(seen.keys.public_key, full.keys.public_key)
        equal(getattr(seen.keys, "private_key", None), None)
        assert seen.link and full.id in seen.link, seen.link
    with check("list: pages until there is no next"):
        ids, page = [], 1
        while page:
            some, page = api.list_applications(ListApplicationsFilter(page_size=1, page=page))
            equal(len(some), 1)
            ids += [one.id for one in some]
            equal([getattr(one.keys, "private_key", None) for one in some], [None])
        equal(len(ids), len(set(ids)))
        assert {made.id, full.id} <= set(ids), ids
    with check("update: without keys the key stays"):
        seen = api.update_application(made.id, ApplicationConfig(name="One more"))
        equal((seen.id, seen.name), (made.id, "One more"))
        equal(api.get_application(made.id).keys.public_key, made.keys.public_key)
    with check("update: capabilities are replaced"):
        seen = api.update_application(
            full.id, ApplicationConfig(name="Two", capabilities=Capabilities(rtc=EVERYTHING.rtc))
        )
        equal((seen.capabilities.voice, seen.capabilities.messages), (None, None))
        within(EVERYTHING.rtc.model_dump(exclude_none=True), seen.capabilities.rtc.model_dump())
    with check("own public key: kept at create, without a private key; rotated by update"):
        mine, later = public_key(), public_key()
        own = api.create_application(ApplicationConfig(name="Own", keys=Keys(public_key=mine)))
        equal(own.keys.public_key.strip(), mine.strip())
        equal(getattr(own.keys, "private_key", None), None)
        seen = api.update_application(
            own.id, ApplicationConfig(name="Own", keys=Keys(public_key=later))
        )
        equal(seen.keys.public_key.strip(), later.strip())
    with check("delete: then it is not found"):
        for one in (made, full, own):
            equal(api.delete_application(one.id), None)
            refused(NotFoundError, lambda: api.get_application(one.id))
