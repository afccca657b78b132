"""The official Python SDK, unchanged, against the emulator: `app.py [GROUP…]`.

Expects RINGBACK_URL and the VONAGE_* variables that `ringback emulator -- COMMAND` sets.
Prints a line for each check; ends with 1 when one failed.
"""

import logging
import sys

from groups import account, applications, calls, controls, numbers, recordings, refusals
from groups import signatures, tokens, users
from local import Report

GROUPS = {
    module.__name__.removeprefix("groups."): module
    for module in (
        applications,
        numbers,
        account,
        tokens,
        signatures,
        refusals,
        users,
        calls,
        controls,
        recordings,
    )
}


def main(names):
    # The SDK logs every refusal, and the checks provoke some.
    logging.disable(logging.ERROR)
    report = Report()
    for name in names or GROUPS:
        report.group = f"python {name}"
        try:
            GROUPS[name].run(report)
        except Exception as error:
            report.fail("what its checks need", " ".join(f"{type(error).__name__}: {error}".split()))
    return 1 if report.failed else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
