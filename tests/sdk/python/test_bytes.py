"""What the client sent is what the provider got, byte for byte, but for the model's name; and the headers say so.

The scripted provider makes the id of its answer from the bytes of the request, so the id proves them.
"""

import pytest
from scripted import ECHO, ask, fingerprint_id

UNKNOWN = {"unknown": {"π": 3.140, "nested": [1, None, {"a": "b/\u2028"}]}, "another": 1e2}
CHAT = "/v1/chat/completions"


def with_provider_model(body: bytes) -> bytes:
    """The one thing that is changed: `scripted/echo` is `echo` at the provider."""
    assert body.count(b'"scripted/echo"') == 1
    return body.replace(b'"scripted/echo"', b'"echo"')


def test_a_chat_reaches_the_provider_unchanged_but_for_the_model(openai_client):
    raw = openai_client.chat.completions.with_raw_response.create(model=ECHO, messages=ask("hi"), extra_body=UNKNOWN)
    sent = raw.http_request.content
    assert '"π"'.encode() in sent and b'"nested"' in sent
    assert raw.parse().id == fingerprint_id("chatcmpl-", CHAT, with_provider_model(sent))


def test_a_bare_model_reaches_the_provider_wholly_unchanged(openai_client):
    raw = openai_client.chat.completions.with_raw_response.create(model="echo", messages=ask("hi"), extra_body=UNKNOWN)
    assert raw.parse().id == fingerprint_id("chatcmpl-", CHAT, raw.http_request.content)


def test_a_stream_that_asks_for_usage_itself_is_not_changed_either(openai_client):
    raw = openai_client.chat.completions.with_raw_response.create(
        model="echo", messages=ask("hi"), stream=True, stream_options={"include_usage": True}, extra_body=UNKNOWN
    )
    ids = {chunk.id for chunk in raw.parse()}
    assert ids == {fingerprint_id("chatcmpl-", CHAT, raw.http_request.content)}


def test_a_response_reaches_the_provider_unchanged_but_for_the_model(openai_client):
    raw = openai_client.responses.with_raw_response.create(model=ECHO, input="hi", extra_body=UNKNOWN)
    expected = fingerprint_id("resp_", "/v1/responses", with_provider_model(raw.http_request.content))
    assert raw.parse().id == expected


@pytest.mark.parametrize("stream", [False, True])
def test_a_message_reaches_the_provider_unchanged_but_for_the_model(anthropic_client, stream):
    raw = anthropic_client.messages.with_raw_response.create(
        model=ECHO, max_tokens=64, messages=ask("hi"), stream=stream, extra_body=UNKNOWN
    )
    expected = fingerprint_id("msg_", "/v1/messages", with_provider_model(raw.http_request.content))
    answer = raw.parse()
    assert (next(iter(answer)).message.id if stream else answer.id) == expected


def test_an_answer_says_how_it_was_served(openai_client):
    raw = openai_client.chat.completions.with_raw_response.create(model=ECHO, messages=ask("hi"))
    assert raw.headers["x-tollgate-provider"] == "scripted"
    assert raw.headers["x-tollgate-model"] == "echo"
    assert raw.headers["x-tollgate-attempts"] == "1"
    assert raw.headers["x-tollgate-request-id"]
    assert int(raw.headers["x-tollgate-overhead-us"]) >= 0


def test_request_ids_are_distinct(openai_client):
    def request_id() -> str:
        return openai_client.embeddings.with_raw_response.create(model=ECHO, input="hi").headers[
            "x-tollgate-request-id"
        ]

    assert len({request_id() for _ in range(10)}) == 10
