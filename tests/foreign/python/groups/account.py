"""The account: balance, and what is known about a number."""

import os

from vonage_number_insight import BasicInsightRequest

from local import BOB, account, connect, equal


def run(check):
    client = account()
    with check("balance"):
        balance = client.account.get_balance()
        assert balance.value > 0, balance
        equal(type(balance.auto_reload), bool)
    with check("balance, over an adapter on the SDK's session"):
        other = connect(
            https=None,
            api_key=os.environ["VONAGE_API_KEY"],
            api_secret=os.environ["VONAGE_API_SECRET"],
        )
        equal(other.account.get_balance(), balance)
    with check("insight: basic"):
        seen = client.number_insight.get_basic_info(BasicInsightRequest(number=BOB))
        equal((seen.status, seen.country_code, seen.international_format_number), (0, "GB", BOB))
