"""What there is on the platform while it is fuzzed: ids that are known to exist, made on demand."""

import itertools
import threading
import time

import requests

# The application's numbers, and rented ones that nobody uses.
NUMBER = "447700000002"
SECOND = "447700000012"
SPARES = ["447700000021", "447700000022", "447700000023"]
# Phones: one that calls, one that answers and stays, and some that wait to be told.
CALLER = "447700000001"
STAYS = "447700000003"
MANUAL = ["447700000031", "447700000032", "447700000033"]
# How many conversations there are to choose from.
POOL = 6


class World:
    """Ids for path parameters and bodies. What a case may destroy is made for that case alone."""

    def __init__(self, emulator, random):
        self.emulator, self.random = emulator, random
        self.session = requests.Session()
        self.session.trust_env = False
        variables = emulator.variables
        self.account = (variables["VONAGE_API_KEY"], variables["VONAGE_API_SECRET"])
        self.application = variables["VONAGE_APPLICATION_ID"]
        self.lock = threading.RLock()
        self.count = itertools.count(1)
        self.tokens = {}
        # Pairs of keys take long to make, so whoever can bring one does.
        self.key = self.ask("GET", f"/v2/applications/{self.application}")["keys"]["public_key"]
        self.settle()

    def settle(self):
        """One application with two numbers, numbers without one, phones; nothing made meanwhile."""
        self.rooms, self.call, self.spare, self.recorded = [], None, None, None
        hook = lambda path, method: {
            "address": f"{self.emulator.hooks}/{path}",
            "http_method": method,
        }
        capabilities = {
            "voice": {
                "webhooks": {"answer_url": hook("answer", "GET"), "event_url": hook("event", "POST")}
            },
            "rtc": {"webhooks": {"event_url": hook("rtc", "POST")}},
            "vbc": {},
        }
        body = {"name": "Fuzz", "capabilities": capabilities}
        self.must("PUT", f"/v2/applications/{self.application}", body)
        rented = lambda number, **more: {"country": "GB", "msisdn": number, **more}
        seed = {
            "numbers": [rented(one, application=self.application) for one in (NUMBER, SECOND)]
            + [rented(one) for one in SPARES],
            "users": [{"application": self.application, "name": "seeded"}],
            "phones": [{"number": CALLER, "name": "Alice"}, {"number": STAYS, "name": "Bob"}]
            + [{"number": one, "script": "manual"} for one in MANUAL],
        }
        self.must("POST", "/_ringback/seed", seed)

    # What it asks the platform itself.

    def token(self, subject=None):
        if subject not in self.tokens:
            more = ["--sub", subject, "--acl", "client"] if subject else []
            self.tokens[subject] = self.emulator.token(*more)
        return self.tokens[subject]

    def ask(self, method, path, body=None, **options):
        """The answer of the platform as JSON; None when it refuses."""
        answer = self.send(method, path, body, **options)
        if answer.status_code >= 300:
            return None
        return answer.json() if answer.content else {}

    def must(self, method, path, body):
        """What the fuzzer cannot do without."""
        answer = self.send(method, path, body)
        if answer.status_code >= 300:
            raise SystemExit(f"{method} {path} answered {answer.status_code}: {answer.text}")

    def send(self, method, path, body=None, **options):
        if path.startswith(("/v2/app", "/number", "/account")):
            options["auth"] = self.account
        elif not path.startswith("/_ringback"):
            options["headers"] = {"Authorization": f"Bearer {self.token()}"}
        url = self.emulator.url + path
        return self.session.request(method, url, json=body, timeout=20, **options)

    def name(self, word="fuzz"):
        return f"{word}-{next(self.count)}"

    # Rooms: a conversation with a user, its member and an event of it.

    def new_room(self):
        name = self.name("user")
        user = (self.ask("POST", "/v1/users", {"name": name}) or {}).get("id", "USR-none")
        path = "/v1/conversations"
        room = (self.ask("POST", path, {"name": self.name("room")}) or {}).get("id", "CON-none")
        member = {"state": "joined", "user": {"id": user}, "channel": {"type": "app"}}
        made = self.ask("POST", f"{path}/{room}/members", member) or {}
        member = made.get("id", "MEM-none")
        said = {"type": "message", "from": member, "body": {"message_type": "text", "text": "hi"}}
        event = self.ask("POST", f"{path}/{room}/events", said) or {}
        return {
            "conversation_id": room,
            "member_id": member,
            "user_id": user,
            "event_id": str(event.get("id", 1)),
            "user_name": name,
        }

    def invited(self):
        """A room whose member is invited and has not joined yet."""
        room = self.new_room()
        user = (self.ask("POST", "/v1/users", {"name": self.name("guest")}) or {}).get("id")
        member = {"state": "invited", "user": {"id": user}, "channel": {"type": "app"}}
        made = self.ask("POST", f"/v1/conversations/{room['conversation_id']}/members", member)
        return room | {"member_id": (made or {}).get("id", "MEM-none"), "user_id": user or "USR-none"}

    def room(self, fresh=False):
        if fresh or len(self.rooms) < POOL:
            room = self.new_room()
            if not fresh and room["event_id"]:
                self.rooms.append(room)
            return room
        return self.random.choice(self.rooms)

    # Calls.

    def wait(self, call, status):
        path = f"/_ringback/calls/{call}/wait?status={status}&within=5"
        return self.ask("GET", path)

    def new_call(self, to, **more):
        script = [{"action": "conversation", "name": "fuzz", "startOnEnter": True}]
        body = {
            "to": [{"type": "phone", "number": to}],
            "from": {"type": "phone", "number": NUMBER},
            "ncco": script,
            **more,
        }
        return (self.ask("POST", "/v1/calls", body) or {}).get("uuid", "no-call")

    def live(self):
        """A leg that somebody has answered, and that stays."""
        for _ in range(3):
            known = self.call and self.ask("GET", f"/v1/calls/{self.call}")
            if known and known["status"] == "answered":
                return known
            self.ask("PUT", f"/_ringback/phones/{STAYS}", {"script": "answer after 0s"})
            self.call = self.new_call(STAYS)
            self.wait(self.call, "answered")
        return known or {"uuid": self.call, "conversation_uuid": "CON-none"}

    def ringing(self):
        """A manual phone that rings."""
        number = self.random.choice(MANUAL)
        self.ask("PUT", f"/_ringback/phones/{number}", {"script": "manual"})
        self.ask("POST", f"/_ringback/phones/{number}/hangup")
        self.wait(self.new_call(number), "ringing")
        return number

    def talking(self):
        """The phone of the call that stays."""
        self.live()
        return STAYS

    def file(self):
        """A file that an earlier call has recorded."""
        if self.recorded is None:
            script = [
                {"action": "record", "timeOut": 3},
                {"action": "talk", "text": "Recorded"},
            ]
            more = {"ncco": script}
            self.ask("PUT", f"/_ringback/phones/{STAYS}", {"script": "answer after 0s"})
            self.wait(self.new_call(STAYS, **more), "completed")
            found = (self.ask("GET", "/_ringback/recordings") or {}).get("recordings")
            self.recorded = found[0]["file"] if found else None
        return self.recorded or "no-file"

    # The account.

    def spare_application(self, fresh=False):
        if fresh or self.spare is None:
            body = {"name": self.name("spare"), "keys": {"public_key": self.key}}
            made = self.ask("POST", "/v2/applications", body) or {}
            if fresh:
                return made.get("id", "no-application")
            self.spare = made.get("id", "no-application")
        return self.spare

    def stock(self):
        """A number for rent."""
        found = self.ask("GET", "/number/search?country=GB&size=100") or {}
        numbers = found.get("numbers") or [{"msisdn": "447700000099"}]
        return self.random.choice(numbers)["msisdn"]

    def rented(self):
        """A number that is rented and may be given back."""
        number = self.stock()
        form = {"country": "GB", "msisdn": number}
        self.session.post(self.emulator.url + "/number/buy", data=form, auth=self.account, timeout=20)
        return number

    # The control API.

    def webhook(self):
        known = (self.ask("GET", "/_ringback/webhooks?limit=20") or {}).get("webhooks")
        if not known:
            self.live()
            time.sleep(0.1)
            known = (self.ask("GET", "/_ringback/webhooks?limit=20") or {}).get("webhooks")
        return known[-1]["id"] if known else 1

    def lease(self):
        return (self.ask("POST", "/_ringback/clock/hold", {"seconds": 1}) or {}).get("lease", 1)

    def trace(self):
        self.ask("GET", "/_ringback/calls/none")
        known = (self.ask("GET", "/_ringback/refusals") or {}).get("refusals")
        return known[-1]["trace"] if known else "none"
