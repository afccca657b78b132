"""What is refused becomes the SDK's typed errors."""

from vonage_application import ApplicationConfig
from vonage_http_client.errors import AuthenticationError, HttpRequestError, NotFoundError
from vonage_numbers import NumberParams, UpdateNumberParams

from local import account, application, connect, equal, refused

NOBODY = "00000000-0000-4000-8000-000000000000"


def run(check):
    client = account()
    with check("404 becomes NotFoundError"):
        error = refused(NotFoundError, lambda: client.application.get_application(NOBODY))
        equal(error.response.headers["content-type"].split(";")[0], "application/json")
        equal(error.response.json()["title"], "Not Found")
        refused(NotFoundError, lambda: client.application.delete_application(NOBODY))
        refused(
            NotFoundError,
            lambda: client.application.update_application(NOBODY, ApplicationConfig(name="No")),
        )
    with check("401 becomes AuthenticationError"):
        wrong = connect(api_key=client.http_client.auth.api_key, api_secret="not the secret")
        refused(AuthenticationError, lambda: wrong.application.list_applications())
        refused(AuthenticationError, lambda: wrong.account.get_balance())
        refused(AuthenticationError, lambda: wrong.numbers.list_owned_numbers())
    with check("an empty JSON body is a 4xx with a reason"):
        error = refused(HttpRequestError, lambda: client.application.create_application())
        assert error.response.status_code in (400, 422), error.response.status_code
        assert error.response.headers["ringback-reason"], error.response.headers
    with check("a number that is not owned is a 420"):
        error = refused(
            HttpRequestError,
            lambda: client.numbers.update_number(
                UpdateNumberParams(country="GB", msisdn="447700900999")
            ),
        )
        equal(error.response.status_code, 420)
        equal(error.response.json()["error-code"], "420")
        refused(
            HttpRequestError,
            lambda: client.numbers.buy_number(NumberParams(country="GB", msisdn="447700900999")),
        )
    _, caller = application("Refusals")
    with check("404 of a call, a user, a conversation becomes NotFoundError"):
        refused(NotFoundError, lambda: caller.voice.get_call(NOBODY))
        refused(NotFoundError, lambda: caller.voice.hangup(NOBODY))
        refused(NotFoundError, lambda: caller.users.get_user(f"USR-{NOBODY}"))
        refused(
            NotFoundError,
            lambda: caller.http_client.get(
                caller.http_client.api_host, f"/v1/conversations/CON-{NOBODY}"
            ),
        )
