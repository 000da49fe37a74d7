"""Routes in a header: a fallback that the client writes itself, for every format, streamed or not."""

import json

import anthropic
import openai
import pytest
from scripted import ECHO, ask, echo_of, model


def fallback(*behaviours: str, **more) -> dict:
    return {"strategy": {"mode": "fallback", **more}, "targets": [{"target": model(name)} for name in behaviours]}


@pytest.fixture
def openai_with(url, key):
    """Makes a client that sends a route with everything."""
    clients = []

    def make(route: dict, header: str = "x-tollgate-config") -> openai.OpenAI:
        headers = {header: json.dumps(route)}
        client = openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, default_headers=headers)
        clients.append(client)
        return client

    yield make
    for client in clients:
        client.close()


@pytest.mark.parametrize("header", ["x-tollgate-config", "x-portkey-config"])
def test_a_failing_target_is_followed_by_the_next(openai_with, header):
    client = openai_with(fallback("fail-503", "echo"), header)
    raw = client.chat.completions.with_raw_response.create(model="any", messages=ask("hi"))
    assert raw.parse().choices[0].message.content == echo_of("hi")
    assert raw.headers["x-tollgate-attempts"] == "2"
    assert raw.headers["x-tollgate-model"] == "echo"


# Not a 429: its wait is heeded by the requests after it as well, which pass the target over.
@pytest.mark.parametrize("behaviour", ["fail-529", "fail-500", "cut-before-head", "empty"])
def test_a_stream_falls_over_before_its_first_content(openai_with, behaviour):
    client = openai_with(fallback(behaviour, "echo"))
    raw = client.chat.completions.with_raw_response.create(model="any", messages=ask("hi"), stream=True)
    assert raw.headers["x-tollgate-attempts"] == "2"
    text = "".join(chunk.choices[0].delta.content or "" for chunk in raw.parse())
    assert text == echo_of("hi")


def test_a_stream_does_not_fall_over_after_its_first_content(openai_with):
    client = openai_with(fallback("cut-midstream", "echo"))
    stream = client.chat.completions.create(model="any", messages=ask("a text of a few words"), stream=True)
    with pytest.raises(openai.APIError, match="broke off"):
        list(stream)


def test_portkeys_way_to_write_targets_works(openai_with):
    targets = [{"provider": "@scripted", "override_params": {"model": name}} for name in ("fail-500", "echo")]
    client = openai_with({"strategy": {"mode": "fallback"}, "targets": targets}, "x-portkey-config")
    assert client.responses.create(model="any", input="hi").output_text == echo_of("hi")


def test_a_status_that_is_not_named_does_not_fall_over(openai_with):
    client = openai_with(fallback("fail-500", "echo", on_status_codes=[429]))
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="any", messages=ask("hi"))
    assert "1. scripted/fail-500" in caught.value.message and "2." not in caught.value.message


def test_all_attempts_are_listed_when_every_target_failed(openai_with):
    client = openai_with(fallback("fail-500", "fail-503"))
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="any", messages=ask("hi"))
    assert "1. scripted/fail-500" in caught.value.message and "2. scripted/fail-503" in caught.value.message


def test_a_target_that_hangs_is_left_for_the_next(openai_with):
    route = fallback("hang", "echo")
    route["targets"][0]["request_timeout"] = 100
    raw = openai_with(route).chat.completions.with_raw_response.create(model="any", messages=ask("hi"))
    assert raw.headers["x-tollgate-attempts"] == "2"


def test_time_limits_are_told_with_their_name(openai_with):
    client = openai_with({"target": model("hang"), "request_timeout": 100})
    with pytest.raises(openai.InternalServerError) as caught:
        client.chat.completions.create(model="any", messages=ask("hi"))
    assert (caught.value.status_code, caught.value.code) == (504, "TG3002")


def test_a_retry_is_counted_as_an_attempt(openai_with):
    retry = {"attempts": 2, "backoff_first": "1ms"}
    client = openai_with({"target": model("fail-503"), "retry": retry})
    with pytest.raises(openai.InternalServerError, match="3. scripted/fail-503"):
        client.chat.completions.create(model="any", messages=ask("hi"))


def test_a_route_with_a_mistake_is_a_bad_request_that_names_it(openai_with):
    client = openai_with({"strategi": {"mode": "fallback"}, "targets": [{"target": ECHO}]})
    with pytest.raises(openai.BadRequestError, match="strategi") as caught:
        client.chat.completions.create(model="any", messages=ask("hi"))
    assert caught.value.code == "TG1011"


@pytest.mark.parametrize("header", ["x-tollgate-provider", "x-portkey-provider"])
def test_a_provider_can_be_named_beside_the_model(openai_client, header):
    raw = openai_client.chat.completions.with_raw_response.create(
        model="echo", messages=ask("hi"), extra_headers={header: "scripted"}
    )
    assert raw.headers["x-tollgate-provider"] == "scripted"


def test_messages_fall_over_too(url, key):
    headers = {"x-tollgate-config": json.dumps(fallback("fail-529", "echo"))}
    with anthropic.Anthropic(base_url=url, api_key=key, max_retries=0, default_headers=headers) as client:
        with client.messages.stream(model="any", max_tokens=64, messages=ask("hi")) as stream:
            assert stream.get_final_text() == echo_of("hi")
            assert stream.response.headers["x-tollgate-attempts"] == "2"
