"""Streamed messages: the raw events, and what the helper makes of them."""

import pytest
from scripted import ECHO, ask, echo_of

TEXT = "a text of several words, größer als eines"
ORDER = [
    "message_start",
    "content_block_start",
    "content_block_delta",
    "content_block_stop",
    "message_delta",
    "message_stop",
]


def test_raw_events_come_typed_and_in_their_order(anthropic_client):
    events = list(anthropic_client.messages.create(model=ECHO, max_tokens=64, messages=ask(TEXT), stream=True))
    assert list(dict.fromkeys(event.type for event in events)) == ORDER
    deltas = [event.delta.text for event in events if event.type == "content_block_delta"]
    assert len(deltas) > 3 and "".join(deltas) == echo_of(TEXT)
    assert events[-2].usage.output_tokens == len(deltas)


def test_the_helpers_text_is_the_sum_of_its_deltas(anthropic_client):
    with anthropic_client.messages.stream(model=ECHO, max_tokens=64, messages=ask(TEXT)) as stream:
        text = "".join(stream.text_stream)
        message = stream.get_final_message()
    assert text == message.content[0].text == echo_of(TEXT)
    assert message.stop_reason == "end_turn"
    assert message.usage.input_tokens > 0 and message.usage.output_tokens > 1


def test_streamed_input_of_a_tool_is_put_together(anthropic_client):
    schema = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
    tool = {"name": "weather", "input_schema": schema}
    with anthropic_client.messages.stream(
        model=ECHO, max_tokens=64, messages=ask("use the tool"), tools=[tool]
    ) as stream:
        pieces = [event.partial_json for event in stream if event.type == "input_json"]
        message = stream.get_final_message()
    assert "".join(pieces) == '{"city":"text","days":1}'
    assert message.content[0].input == {"city": "text", "days": 1}
    assert message.stop_reason == "tool_use"


@pytest.mark.anyio
async def test_the_asynchronous_helper_streams_too(anthropic_async):
    async with anthropic_async.messages.stream(model=ECHO, max_tokens=64, messages=ask(TEXT)) as stream:
        text = "".join([piece async for piece in stream.text_stream])
    assert text == echo_of(TEXT)
