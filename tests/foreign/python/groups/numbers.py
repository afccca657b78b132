"""Numbers: search, buy, list, link, cancel."""

from vonage_http_client.errors import HttpRequestError
from vonage_numbers import (
    ListOwnedNumbersFilter,
    NumberFeatures,
    NumberParams,
    SearchAvailableNumbersFilter,
    UpdateNumberParams,
)

from local import application, equal, refused


def run(check):
    made, client = application("Numbers")
    api = client.numbers
    owned = lambda **filter: api.list_owned_numbers(ListOwnedNumbersFilter(**filter))
    with check("search: by country and features, with the price as text"):
        found, count, _ = api.search_available_numbers(
            SearchAvailableNumbersFilter(country="GB", features=NumberFeatures.SMS_VOICE)
        )
        assert found and count >= len(found), (count, found)
        for one in found:
            equal((one.country, {"SMS", "VOICE"} <= set(one.features)), ("GB", True))
            assert float(one.cost) > 0
    with check("search: pages are counted over all"):
        pages, index = [], 1
        while index:
            some, total, index = api.search_available_numbers(
                SearchAvailableNumbersFilter(country="US", size=4, index=index)
            )
            pages += [one.msisdn for one in some]
        equal((len(pages), len(set(pages))), (total, total))
    with check("search: by pattern, at the start, anywhere, at the end"):
        whole = found[0].msisdn
        for place, pattern in ((0, whole[:6]), (1, whole[3:9]), (2, whole[-5:])):
            some, _, _ = api.search_available_numbers(
                SearchAvailableNumbersFilter(country="GB", pattern=pattern, search_pattern=place)
            )
            assert whole in [one.msisdn for one in some], (place, pattern)
        none, count, _ = api.search_available_numbers(
            SearchAvailableNumbersFilter(country="GB", pattern="0000000000", search_pattern=1)
        )
        equal((none, count), ([], 0))
    with check("buy: after a JSON request, so as a form that is called JSON"):
        number = NumberParams(country="GB", msisdn=whole)
        equal(api.buy_number(number).error_code, "200")
        some, count, _ = owned(pattern=whole, search_pattern=1)
        equal((count, some[0].msisdn, some[0].country, some[0].app_id), (1, whole, "GB", None))
    with check("buy: not twice"):
        equal(refused(HttpRequestError, lambda: api.buy_number(number)).response.status_code, 420)
    with check("update: linked to an application, and found by it"):
        equal(
            api.update_number(
                UpdateNumberParams(country="GB", msisdn=whole, app_id=made.id)
            ).error_code,
            "200",
        )
        some, count, _ = owned(application_id=made.id)
        equal((count, some[0].msisdn, some[0].app_id), (1, whole, made.id))
        assert whole in [one.msisdn for one in owned(has_application=True)[0]]
        assert whole not in [one.msisdn for one in owned(has_application=False)[0]]
    with check("update: without an application it is unlinked"):
        api.update_number(UpdateNumberParams(country="GB", msisdn=whole))
        equal(owned(application_id=made.id)[:2], ([], 0))
    with check("update: to a telephone"):
        api.update_number(
            UpdateNumberParams(
                country="GB",
                msisdn=whole,
                voice_callback_type="tel",
                voice_callback_value="447700000003",
            )
        )
        one = owned(pattern=whole, search_pattern=1)[0][0]
        equal((one.voice_callback_type, one.voice_callback_value), ("tel", "447700000003"))
    with check("cancel: then it can be bought again"):
        equal(api.cancel_number(number).error_code, "200")
        equal(owned(pattern=whole, search_pattern=1)[:2], ([], 0))
        refused(HttpRequestError, lambda: api.cancel_number(number))
