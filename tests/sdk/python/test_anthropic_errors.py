"""Errors arrive as the exceptions that Anthropic's client raises for Anthropic's own."""

import time

import anthropic
import pytest
from scripted import ECHO, ask, model


def message(client, model, **parameters):
    return client.messages.create(**{"model": model, "max_tokens": 64, "messages": ask("hi"), **parameters})


@pytest.mark.parametrize("wrong", ["tg-" + "0" * 49, "sk-ant-a-key-of-the-vendor", "nonsense"])
def test_a_wrong_key_is_an_authentication_error_that_does_not_repeat_it(anthropic_client, wrong):
    with pytest.raises(anthropic.AuthenticationError) as caught:
        message(anthropic_client.with_options(api_key=wrong), ECHO)
    assert caught.value.type == "authentication_error"
    assert caught.value.body["request_id"] == caught.value.response.headers["x-tollgate-request-id"]
    assert wrong not in str(caught.value)


def test_an_unknown_model_is_not_found_and_near_names_are_given(anthropic_client):
    with pytest.raises(anthropic.NotFoundError) as caught:
        message(anthropic_client, "scriptd/echo")
    assert caught.value.type == "not_found_error"
    assert "did you mean `scripted/echo`" in caught.value.message


def test_a_member_of_the_wrong_type_is_a_bad_request_that_names_it(anthropic_client):
    with pytest.raises(anthropic.BadRequestError, match="`max_tokens` must be") as caught:
        message(anthropic_client, ECHO, extra_body={"max_tokens": "many"})
    assert caught.value.type == "invalid_request_error"


def test_a_bad_request_keeps_the_providers_words(anthropic_client):
    with pytest.raises(anthropic.BadRequestError, match="messages: Field required") as caught:
        message(anthropic_client, ECHO, messages=[])
    assert caught.value.body["request_id"] == "req_scripted"


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, anthropic.BadRequestError), (404, anthropic.NotFoundError), (429, anthropic.RateLimitError)],
)
def test_what_the_client_can_mend_keeps_the_providers_status(anthropic_client, status, error):
    with pytest.raises(error, match=f"scripted failure with status {status}"):
        message(anthropic_client, model(f"fail-{status}"))


@pytest.mark.parametrize("behaviour", ["fail-401", "fail-403", "fail-500", "fail-503", "fail-529"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_providers_breakdown_is_a_502_that_lists_the_attempts(anthropic_client, behaviour, stream):
    with pytest.raises(anthropic.InternalServerError) as caught:
        message(anthropic_client, model(behaviour), stream=stream)
    assert (caught.value.status_code, caught.value.type) == (502, "api_error")
    assert f"1. scripted/{behaviour}:" in caught.value.message


def test_the_client_waits_as_long_as_it_is_told(anthropic_client):
    began = time.monotonic()
    with pytest.raises(anthropic.RateLimitError) as caught:
        message(anthropic_client.with_options(max_retries=1), model("fail-429"))
    # Left to itself, the client would wait half a second at most.
    assert time.monotonic() - began >= 1
    assert caught.value.request.headers["x-stainless-retry-count"] == "1"
