"""Streamed responses: typed events in their order, and what is kept of them."""

from scripted import ECHO, echo_of

TEXT = "a text of several words, größer als eines"
ORDER = [
    "response.created",
    "response.in_progress",
    "response.output_item.added",
    "response.content_part.added",
    "response.output_text.delta",
    "response.output_text.done",
    "response.content_part.done",
    "response.output_item.done",
    "response.completed",
]


def test_events_come_typed_numbered_and_in_their_order(openai_client):
    events = list(openai_client.responses.create(model=ECHO, input=TEXT, stream=True))
    assert list(dict.fromkeys(event.type for event in events)) == ORDER
    assert [event.sequence_number for event in events] == list(range(len(events)))
    deltas = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert len(deltas) > 3
    assert "".join(deltas) == events[-1].response.output_text == echo_of(TEXT)
    assert events[-1].response.usage.output_tokens == len(deltas)


def test_a_streamed_response_can_be_asked_for_again(openai_client):
    *_, last = openai_client.responses.create(model=ECHO, input="streamed and kept", stream=True)
    kept = openai_client.responses.retrieve(last.response.id)
    assert kept.output_text == echo_of("streamed and kept")


def test_the_stream_helper_puts_the_response_together(openai_client):
    with openai_client.responses.stream(model=ECHO, input=TEXT) as stream:
        deltas = [event.delta for event in stream if event.type == "response.output_text.delta"]
        response = stream.get_final_response()
    assert "".join(deltas) == response.output_text == echo_of(TEXT)


def test_streamed_arguments_of_a_tool_are_the_sum_of_their_pieces(openai_client):
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}, "required": ["city"]}
    tool = {"type": "function", "name": "weather", "parameters": parameters, "strict": False}
    events = list(openai_client.responses.create(model=ECHO, input="use the tool", tools=[tool], stream=True))
    deltas = [event.delta for event in events if event.type == "response.function_call_arguments.delta"]
    (done,) = [event for event in events if event.type == "response.function_call_arguments.done"]
    assert "".join(deltas) == done.arguments == '{"city":"text"}'
