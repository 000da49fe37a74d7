"""Anthropic messages: whole, counted, with tools and with structured output."""

import pytest
from pydantic import BaseModel
from scripted import ECHO, ask, echo_of

TEXT = "Grüße, 你好 and \U0001f44b"
WEATHER = {
    "name": "weather",
    "description": "Says what the weather is.",
    "input_schema": {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]},
}


def test_a_message_answers_with_text_and_usage(anthropic_client):
    message = anthropic_client.messages.create(model=ECHO, max_tokens=64, system="Be brief.", messages=ask(TEXT))
    assert message.type == "message" and message.role == "assistant"
    assert [block.text for block in message.content] == [echo_of(TEXT)]
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 0


def test_a_limit_of_tokens_stops_the_message(anthropic_client):
    message = anthropic_client.messages.create(model=ECHO, max_tokens=2, messages=ask("one two three"))
    assert message.stop_reason == "max_tokens"
    assert message.usage.output_tokens == 2


def test_tokens_are_counted_as_the_message_itself_counts_them(anthropic_client):
    counted = anthropic_client.messages.count_tokens(model=ECHO, system="Be brief.", messages=ask(TEXT))
    message = anthropic_client.messages.create(model=ECHO, max_tokens=64, system="Be brief.", messages=ask(TEXT))
    assert counted.input_tokens == message.usage.input_tokens


def test_a_tool_is_used_and_its_result_answered(anthropic_client):
    question = ask("use the tool")
    first = anthropic_client.messages.create(model=ECHO, max_tokens=64, messages=question, tools=[WEATHER])
    (use,) = first.content
    assert first.stop_reason == "tool_use"
    assert (use.type, use.name, use.input) == ("tool_use", "weather", {"city": "text"})
    result = {"type": "tool_result", "tool_use_id": use.id, "content": "sunny"}
    turns = [
        *question,
        {"role": "assistant", "content": first.content},
        {"role": "user", "content": [result]},
    ]
    second = anthropic_client.messages.create(model=ECHO, max_tokens=64, messages=turns, tools=[WEATHER])
    assert second.content[0].text == "the tool answered: sunny"
    assert second.stop_reason == "end_turn"


def test_a_named_tool_is_used_whatever_was_said(anthropic_client):
    message = anthropic_client.messages.create(
        model=ECHO,
        max_tokens=64,
        messages=ask("hello"),
        tools=[WEATHER],
        tool_choice={"type": "tool", "name": "weather"},
    )
    assert [block.type for block in message.content] == ["tool_use"]


class Verdict(BaseModel):
    reason: str
    ok: bool


def test_a_message_is_parsed_into_a_class(anthropic_client):
    message = anthropic_client.messages.parse(
        model=ECHO, max_tokens=256, messages=ask("is it?"), output_format=Verdict
    )
    assert message.parsed_output == Verdict(reason="text", ok=True)


def test_the_beta_resource_reaches_the_same_endpoint(anthropic_client):
    message = anthropic_client.beta.messages.create(
        model=ECHO, max_tokens=64, messages=ask("hi"), betas=["context-management-2025-06-27"]
    )
    assert message.content[0].text == echo_of("hi")


@pytest.mark.anyio
async def test_the_asynchronous_client_is_answered_too(anthropic_async):
    message = await anthropic_async.messages.create(model=ECHO, max_tokens=64, messages=ask(TEXT))
    assert message.content[0].text == echo_of(TEXT)
