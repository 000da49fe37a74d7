"""Errors arrive as the exceptions that OpenAI's client raises for OpenAI's own."""

import time

import openai
import pytest
from scripted import ECHO, ask, model


def chat(client, model, **parameters):
    return client.chat.completions.create(model=model, messages=ask("hi"), **parameters)


@pytest.mark.parametrize("wrong", ["tg-" + "0" * 49, "sk-a-key-of-the-vendor", "nonsense"])
def test_a_wrong_key_is_an_authentication_error_that_does_not_repeat_it(openai_client, wrong):
    with pytest.raises(openai.AuthenticationError) as caught:
        chat(openai_client.with_options(api_key=wrong), ECHO)
    assert (caught.value.code, caught.value.type) == ("TG2002", "authentication_error")
    assert wrong not in str(caught.value)


def test_an_unknown_model_is_not_found_and_near_names_are_given(openai_client):
    with pytest.raises(openai.NotFoundError) as caught:
        chat(openai_client, "scriptd/echo")
    assert caught.value.code == "TG2006" and caught.value.param == "model"
    assert "did you mean `scripted/echo`" in caught.value.message


@pytest.mark.parametrize(
    ("body", "param"),
    [
        ({"model": 5}, "model"),
        ({"stream": "yes"}, "stream"),
        ({"stream_options": {"include_usage": 1}}, "stream_options.include_usage"),
        ({"max_tokens": "many"}, "max_tokens"),
    ],
)
def test_a_member_of_the_wrong_type_is_a_bad_request_that_names_it(openai_client, body, param):
    with pytest.raises(openai.BadRequestError) as caught:
        chat(openai_client, ECHO, extra_body=body)
    assert (caught.value.code, caught.value.param) == ("TG1002", param)


def test_a_bad_request_keeps_the_providers_words(openai_client):
    with pytest.raises(openai.BadRequestError, match="must be a list that is not empty") as caught:
        openai_client.chat.completions.create(model=ECHO, messages=[])
    assert caught.value.param == "messages"
    assert caught.value.response.headers["x-tollgate-provider"] == "scripted"


@pytest.mark.parametrize(
    ("status", "error"),
    [(400, openai.BadRequestError), (404, openai.NotFoundError), (429, openai.RateLimitError)],
)
def test_what_the_client_can_mend_keeps_the_providers_status(openai_client, status, error):
    with pytest.raises(error, match=f"scripted failure with status {status}"):
        chat(openai_client, model(f"fail-{status}"))


@pytest.mark.parametrize("behaviour", ["fail-401", "fail-403", "fail-500", "fail-503", "fail-529"])
@pytest.mark.parametrize("stream", [False, True])
def test_a_providers_breakdown_is_a_502_that_lists_the_attempts(openai_client, behaviour, stream):
    with pytest.raises(openai.InternalServerError) as caught:
        chat(openai_client, model(behaviour), stream=stream)
    assert (caught.value.status_code, caught.value.code) == (502, "TG3001")
    assert f"1. scripted/{behaviour}:" in caught.value.message
    assert f"status {behaviour.removeprefix('fail-')}" in caught.value.message


@pytest.mark.parametrize("behaviour", ["cut-before-head", "cut-midstream", "malformed-json", "empty"])
def test_an_answer_that_is_none_is_a_502(openai_client, behaviour):
    with pytest.raises(openai.InternalServerError) as caught:
        chat(openai_client, model(behaviour))
    assert caught.value.code == "TG3001" and f"1. scripted/{behaviour}:" in caught.value.message


@pytest.mark.parametrize("behaviour", ["cut-before-head", "empty"])
def test_a_stream_without_content_is_a_502_and_no_stream(openai_client, behaviour):
    with pytest.raises(openai.InternalServerError) as caught:
        chat(openai_client, model(behaviour), stream=True)
    assert caught.value.status_code == 502


def test_a_rate_limit_says_when_to_come_back(openai_client):
    with pytest.raises(openai.RateLimitError) as caught:
        chat(openai_client, model("fail-429"))
    assert caught.value.response.headers["retry-after"] == "1"


def test_the_client_waits_as_long_as_it_is_told(openai_client):
    began = time.monotonic()
    with pytest.raises(openai.RateLimitError) as caught:
        chat(openai_client.with_options(max_retries=1), model("fail-429"))
    # Left to itself, the client would wait half a second at most.
    assert time.monotonic() - began >= 1
    assert caught.value.request.headers["x-stainless-retry-count"] == "1"


def test_a_path_that_does_not_exist_is_not_found(openai_client):
    with pytest.raises(openai.NotFoundError) as caught:
        openai_client.get("/no/such/path", cast_to=object)
    assert caught.value.code == "TG1008"


def test_every_error_of_the_gateway_has_a_request_id(openai_client):
    with pytest.raises(openai.NotFoundError) as caught:
        chat(openai_client, "no-such-model-at-all")
    assert caught.value.response.headers["x-tollgate-request-id"]


@pytest.mark.anyio
async def test_the_asynchronous_client_raises_the_same(openai_async):
    with pytest.raises(openai.InternalServerError) as caught:
        await chat(openai_async, model("fail-503"))
    assert caught.value.code == "TG3001"
