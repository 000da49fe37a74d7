"""Cohere's client: whole answers and streams, tools, thinking, errors. It has the same from a provider that speaks Cohere's
format, whose bytes are passed on, and from one that speaks another.
"""

import json

import cohere
import pytest
from gateway import by_format, command
from scripted import ECHO, ask, echo_of, model
from test_vision import ANSWER, DATA_URL

# Bedrock's models are asked to think in their makers' words, so the name has to tell whose it is.
CLAUDE = "scripted/eu.anthropic.claude-opus-4-6-v1"
TEXT = "a text of several words, größer als eines"
THOUGHT = "They said something, so I repeat it."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
WEATHER = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA}}
CLOCK = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}
ARGUMENTS = {"city": "text", "days": 1}


@pytest.fixture(scope="module")
def client_of(tmp_path_factory):
    """Cohere's client of a Tollgate whose provider speaks one format only."""
    with by_format(tmp_path_factory, lambda gateway: command(gateway.url, gateway.key)) as client_of:
        yield client_of


@pytest.fixture(params=["cohere", "chat", "responses", "messages", "converse", "gemini"])
def client(client_of, request) -> cohere.ClientV2:
    return client_of(request.param)


def text_of(answer) -> str:
    return "".join(content.text for content in answer.message.content if content.type == "text")


def said(events: list, kind: str = "text") -> str:
    """What the deltas of a stream say together."""
    deltas = [event.delta.message.content for event in events if event.type == "content-delta"]
    return "".join(getattr(delta, kind, None) or "" for delta in deltas)


def test_a_whole_answer_has_what_the_client_promises(client):
    answer = client.chat(model=ECHO, messages=[{"role": "system", "content": "be brief"}, *ask(TEXT)])
    assert (text_of(answer), answer.finish_reason) == (echo_of(TEXT), "COMPLETE")
    assert answer.usage.tokens.input_tokens > 0 and answer.usage.tokens.output_tokens > 0
    assert answer.id


def test_a_stream_comes_in_its_order_and_ends_with_its_usage(client):
    events = list(client.chat_stream(model=ECHO, messages=ask(TEXT)))
    kinds = list(dict.fromkeys(event.type for event in events))
    assert kinds == ["message-start", "content-start", "content-delta", "content-end", "message-end"]
    assert said(events) == echo_of(TEXT)
    assert events[-1].delta.finish_reason == "COMPLETE"
    assert events[-1].delta.usage.tokens.output_tokens > 0


def test_tools_are_called_and_their_results_come_back(client):
    messages = ask("call the tools")
    answer = client.chat(model=ECHO, messages=messages, tools=[WEATHER, CLOCK])
    assert answer.finish_reason == "TOOL_CALL"
    calls = answer.message.tool_calls
    assert [(call.function.name, json.loads(call.function.arguments)) for call in calls] == [
        ("weather", ARGUMENTS),
        ("clock", {}),
    ]
    messages.append({"role": "assistant", "tool_plan": answer.message.tool_plan, "tool_calls": calls})
    messages += [{"role": "tool", "tool_call_id": call.id, "content": call.function.name} for call in calls]
    answer = client.chat(model=ECHO, messages=messages, tools=[WEATHER, CLOCK])
    assert text_of(answer) == "the tool answered: clock"


def test_the_arguments_of_a_tool_are_streamed(client):
    events = list(client.chat_stream(model=ECHO, messages=ask("hi"), tools=[WEATHER], tool_choice="REQUIRED"))
    [start] = [event.delta.message.tool_calls for event in events if event.type == "tool-call-start"]
    assert start.function.name == "weather" and start.id
    pieces = [event.delta.message.tool_calls.function.arguments for event in events if event.type == "tool-call-delta"]
    assert json.loads((start.function.arguments or "") + "".join(pieces)) == ARGUMENTS
    assert events[-1].delta.finish_reason == "TOOL_CALL"


def test_structured_output_fits_its_schema(client):
    form = {"type": "json_object", "json_schema": SCHEMA}
    assert json.loads(text_of(client.chat(model=ECHO, messages=ask("hi"), response_format=form))) == ARGUMENTS


def test_a_picture_reaches_the_model(client):
    content = [{"type": "text", "text": "what is this?"}, {"type": "image_url", "image_url": {"url": DATA_URL}}]
    assert text_of(client.chat(model=ECHO, messages=[{"role": "user", "content": content}])) == ANSWER


@pytest.mark.parametrize(
    ("speaks", "name"), [("cohere", ECHO), ("chat", ECHO), ("messages", ECHO), ("converse", CLAUDE)]
)
def test_thinking_comes_before_the_text(client_of, speaks, name):
    client = client_of(speaks)
    asked = {"model": name, "thinking": {"type": "enabled", "token_budget": 1024}, "max_tokens": 4096}
    answer = client.chat(**asked, messages=ask("hi"))
    thought = "".join(content.thinking for content in answer.message.content if content.type == "thinking")
    assert (thought, text_of(answer)) == (THOUGHT, echo_of("hi"))
    events = list(client.chat_stream(**asked, messages=ask("hi")))
    assert (said(events, "thinking"), said(events)) == (THOUGHT, echo_of("hi"))


@pytest.mark.parametrize(
    ("behaviour", "error", "status"),
    [
        ("fail-400", cohere.BadRequestError, 400),
        ("fail-404", cohere.NotFoundError, 404),
        ("fail-429", cohere.TooManyRequestsError, 429),
    ],
)
def test_a_failure_is_the_clients_own_exception(client, behaviour, error, status):
    for call in (client.chat, lambda **asked: list(client.chat_stream(**asked))):
        with pytest.raises(error) as failed:
            call(model=model(behaviour), messages=ask(TEXT))
        assert failed.value.status_code == status
        assert failed.value.body["message"]


def test_an_unknown_model_and_a_wrong_key_are_refused_in_coheres_shape(client, url):
    with pytest.raises(cohere.NotFoundError) as refused:
        client.chat(model="nobody/nothing", messages=ask(TEXT))
    assert "nobody" in refused.value.body["message"]
    with command(url, "wrong") as stranger, pytest.raises(cohere.UnauthorizedError):
        stranger.chat(model=ECHO, messages=ask(TEXT))


def test_a_broken_stream_ends_with_an_error_after_its_beginning(client):
    events = list(client.chat_stream(model=model("cut-midstream"), messages=ask(TEXT)))
    assert (events[-1].type, events[-1].delta.finish_reason) == ("message-end", "ERROR")
    assert said(events) and said(events) != echo_of(TEXT) and echo_of(TEXT).startswith(said(events))


def test_a_stream_can_be_left_early_and_the_next_request_is_answered(client):
    stream = client.chat_stream(model=model("slow-tokens"), messages=ask("one two"))
    assert next(event for event in stream if event.type == "content-delta").delta.message.content.text
    stream.close()
    assert text_of(client.chat(model=ECHO, messages=ask("still there?"))) == echo_of("still there?")


@pytest.mark.parametrize("base", ["", "/cohere"])
def test_coheres_client_works_under_every_base_url(url, key, base):
    with command(url + base, key) as client:
        assert text_of(client.chat(model=ECHO, messages=ask("hi"))) == echo_of("hi")


def test_models_are_listed_page_by_page_in_coheres_shape(url, key):
    with command(f"{url}/cohere", key) as client:
        whole = client.models.list(page_size=1000)
        assert ECHO in {entry.name for entry in whole.models}
        first = client.models.list(page_size=3)
        second = client.models.list(page_size=3, page_token=first.next_page_token)
        assert [entry.name for entry in first.models + second.models] == [entry.name for entry in whole.models[:6]]
        assert client.models.get(ECHO).endpoints == ["chat"]
