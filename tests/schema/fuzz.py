"""A fuzzer that reads `openapi.json` and holds the emulator to it: `fuzz.py RINGBACK [OPTIONS]`.

Ends with 1 when an answer is none that the document allows, when there are too few examples, or
when too few operations ever answered with a success.
"""

import argparse
import collections
import json
import os
import random
import re
import sys
import tempfile
import time

import requests
import schemathesis
from openapi_spec_validator import OpenAPIV31SpecValidator
from schemathesis.core import NOT_SET

import hooks
import samples
from emulator import Emulator
from world import World

CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_schema_conformance",
]
# Never ends: it is looked at once, by hand.
STREAM = "control.StreamEvents"
# Whatever has a host leads to the application of the fuzzer.
ADDRESS = re.compile(r"^\s*(http|ws)s?:[/\\]*[^/\\?#]*", re.IGNORECASE)


class Fuzzer:
    """Gives each case its credentials and, most of the time, ids that exist; counts answers."""

    def __init__(self, world, seed):
        self.world, self.random = world, random.Random(seed)
        self.statuses = collections.defaultdict(collections.Counter)
        self.seconds = collections.Counter()

    def hook(self):
        """Hooks are plain functions."""

        @schemathesis.hook
        def before_call(context, case, kwargs):
            self.before_call(context, case, kwargs)

        @schemathesis.hook
        def after_call(context, case, response):
            self.after_call(context, case, response)

    def before_call(self, context, case, kwargs):
        kwargs.setdefault("timeout", 30)
        operation = name(case.operation)
        with self.world.lock:
            lot = self.random.random()
            if not succeeded(self.statuses[operation]):
                lot *= 0.6
            path = samples.path(operation, self.world) if lot < 0.85 else {}
            for parameter in case.path_parameters or {}:
                if parameter in path:
                    case.path_parameters[parameter] = path[parameter]
            if lot < 0.4:
                query, body = samples.rest(operation, self.world, path)
                if query is not None:
                    case.query = dict(query)
                if body is not None:
                    case.body = body
                    media = list(case.operation.definition.raw["requestBody"]["content"])
                    case.media_type = media[0]
                elif "requestBody" not in case.operation.definition.raw:
                    case.body = NOT_SET
            self.credentials(case, path)
            self.tame(operation, case)

    def credentials(self, case, path):
        """What the operation asks for; now and then whatever was made up."""
        security = case.operation.definition.raw.get("security") or []
        if not security or self.random.random() < 0.04:
            return
        kind = self.random.choice(security)
        headers, query = dict(case.headers or {}), dict(case.query or {})
        for one in [key for key in headers if key.lower() == "authorization"]:
            del headers[one]
        for one in ("api_key", "api_secret"):
            query.pop(one, None)
        if "jwt" in kind:
            subject = path.get("user_name") if name(case.operation) == "v1.GetMe" else None
            headers["Authorization"] = f"Bearer {self.world.token(subject)}"
        elif "basic" in kind:
            request = requests.Request("GET", "http://a.test", auth=self.world.account).prepare()
            headers["Authorization"] = request.headers["Authorization"]
        else:
            query["api_key"], query["api_secret"] = self.world.account
        case.headers, case.query = headers, query

    def tame(self, operation, case):
        """Nothing leaves this machine, nobody waits for minutes, and the account stays ours."""
        case.body = local(case.body, self.world.emulator.hooks)
        if case.query:
            case.query = local(dict(case.query), self.world.emulator.hooks)
        if operation == "control.WaitForCall" and case.query:
            if number(case.query.get("within")) != 0:
                case.query["within"] = 1
        if not isinstance(case.body, dict):
            return
        if operation == "applications.CreateApplication":
            self.bring_key(case.body.setdefault("keys", {}))
        if operation == "control.Seed":
            if isinstance(case.body.get("account"), dict):
                key, secret = self.world.account
                case.body["account"] = {"api_key": key, "api_secret": secret}
            applications = case.body.get("applications")
            for one in applications if isinstance(applications, list) else []:
                if isinstance(one, dict) and "private_key" not in one:
                    self.bring_key(one)

    def bring_key(self, keys):
        """A pair takes a second to make: few cases let the emulator make one."""
        if isinstance(keys, dict) and self.random.random() < 0.97:
            keys["public_key"] = self.world.key

    def after_call(self, context, case, response):
        operation = name(case.operation)
        with self.world.lock:
            self.statuses[operation][response.status_code] += 1
            self.seconds[operation] += response.elapsed
            if operation == "control.Reset" and response.status_code < 300:
                self.world.settle()


def name(operation):
    return operation.definition.raw["operationId"]


def number(value):
    try:
        return float(value)
    except (TypeError, ValueError):
        return 0


def local(value, origin):
    """The value with every address in it on this machine."""
    if isinstance(value, str):
        return ADDRESS.sub(origin, value)
    if isinstance(value, list):
        return [local(one, origin) for one in value]
    if isinstance(value, dict):
        return {key: local(one, origin) for key, one in value.items()}
    return value


def stream(world):
    """Whether the stream of events begins as the document says."""
    url = world.emulator.url + "/_ringback/events"
    with requests.get(url, stream=True, timeout=20) as answer:
        kind = answer.headers.get("content-type", "")
        return answer.status_code == 200 and kind.startswith("text/event-stream")


def run(url, options):
    """Runs the phases of the fuzzer; whether nothing was found."""
    from schemathesis.cli import schemathesis as command

    args = ["run", f"{url}/openapi.json", "--url", url, "--seed", str(options.seed)]
    if options.document:
        args[1] = options.document
    args += ["--checks", ",".join(CHECKS), "--phases", options.phases]
    args += ["--max-examples", str(options.each), "--workers", str(options.workers)]
    args += ["--no-shrink", "--continue-on-failure", "--generation-database", "none"]
    args += ["--suppress-health-check", "all", "--warnings", "off", "--no-color"]
    args += ["--exclude-operation-id", STREAM]
    for one in options.only:
        args += ["--include-operation-id", one]
    # A configuration that lies about must not matter.
    os.chdir(tempfile.mkdtemp(prefix="ringback-schema-"))
    try:
        return command.main(args=args, standalone_mode=False) in (None, 0)
    except SystemExit as end:
        return end.code in (None, 0)


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("ringback", help="the binary")
    parser.add_argument("--seed", type=int, default=1, help="what the examples are derived from")
    parser.add_argument("--each", type=int, default=12, help="examples for each operation and phase")
    parser.add_argument("--least", type=int, default=2000, help="how many examples there have to be")
    parser.add_argument("--share", type=float, default=80, help="the per cent that has to succeed")
    parser.add_argument("--phases", default="examples,coverage,fuzzing,stateful")
    parser.add_argument("--workers", type=int, default=1)
    parser.add_argument("--document", help="a file instead of what the emulator serves")
    parser.add_argument("--only", nargs="*", default=[], help="only these operations")
    options = parser.parse_args()

    begin = time.monotonic()
    with Emulator(options.ringback, hooks.serve()) as emulator:
        world = World(emulator, random.Random(options.seed))
        fuzzer = Fuzzer(world, options.seed)
        fuzzer.hook()
        document = requests.get(f"{emulator.url}/openapi.json", timeout=20).json()
        wrong = [str(error)[:500] for error in OpenAPIV31SpecValidator(document).iter_errors()]
        faults = [f"openapi.json is no OpenAPI 3.1: {one}" for one in wrong]
        if not run(emulator.url, options):
            faults.append("answers that openapi.json does not allow; they are above")
        fuzzer.statuses[STREAM][200 if stream(world) else 0] += 1
        if not emulator.is_well():
            faults.append(f"the emulator is not well at the end:\n{emulator.tail()}")
        faults += verdict(document, fuzzer, options)
        print(f"{time.monotonic() - begin:.0f} s")
    for fault in faults:
        print(f"FAILED schema: {fault}")
    sys.exit(1 if faults else 0)


def operations(document, options):
    ids = [one["operationId"] for path in document["paths"].values() for one in path.values()]
    return [one for one in ids if not options.only or one in options.only]


def succeeded(answers):
    return any(200 <= status < 300 for status in answers)


def verdict(document, fuzzer, options):
    """A line for each operation with what it answered and how often; then what is too little."""
    ids = operations(document, options)
    for one in ids:
        answers = sorted(fuzzer.statuses[one].items())
        said = " ".join(f"{status}×{count}" for status, count in answers)
        print(f"{one:34} {said}, {fuzzer.seconds[one]:.1f} s")
    never = sorted(one for one in ids if not succeeded(fuzzer.statuses[one]))
    examples = sum(sum(answers.values()) for answers in fuzzer.statuses.values())
    good = len(ids) - len(never)
    share = 100 * good / len(ids)
    if never:
        print(f"never answered with a success: {', '.join(never)}")
    print(f"ok schema: {examples} examples, {good} of {len(ids)} operations succeeded ({share:.0f} %)")
    faults = []
    if examples < options.least:
        faults.append(f"{examples} examples, fewer than {options.least}")
    if share < options.share:
        faults.append(f"{share:.0f} % of the operations succeeded, fewer than {options.share:.0f} %")
    return faults


if __name__ == "__main__":
    main()
