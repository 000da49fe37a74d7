"""Responses before a provider that speaks chat and keeps nothing: Tollgate keeps them."""

import openai
import pytest
from gateway import serving, speaking
from scripted import ECHO, echo_of


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("kept"), speaking("chat")) as gateway:
        yield gateway


@pytest.fixture
def client(gateway):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client:
        yield client


def finished(client, id):
    """The response once it works no longer."""
    while (response := client.responses.retrieve(id)).status in ("queued", "in_progress"):
        pass
    return response


def test_a_response_is_kept_until_it_is_deleted(client):
    made = client.responses.create(model=ECHO, input="keep me")
    assert made.output_text == echo_of("keep me")
    assert client.responses.retrieve(made.id) == made
    assert [item.content[0].text for item in client.responses.input_items.list(made.id)] == ["keep me"]
    client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        client.responses.retrieve(made.id)


def test_a_tool_is_called_in_one_response_and_answered_in_the_next(client):
    parameters = {"type": "object", "properties": {"city": {"type": "string"}}}
    tool = {"type": "function", "name": "weather", "parameters": parameters, "strict": False}
    first = client.responses.create(model=ECHO, input="call the tool", tools=[tool], tool_choice="required")
    (call,) = [item for item in first.output if item.type == "function_call"]
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    second = client.responses.create(model=ECHO, input=[result], tools=[tool], previous_response_id=first.id)
    assert second.output_text == "the tool answered: sunny"
    assert second.previous_response_id == first.id


def test_a_stream_is_gone_on_from_as_soon_as_it_has_ended(client):
    with client.responses.stream(model=ECHO, input="one") as stream:
        first = stream.get_final_response()
    second = client.responses.create(model=ECHO, input="two", previous_response_id=first.id)
    assert second.output_text == echo_of("two")
    with pytest.raises(openai.NotFoundError):
        client.responses.create(model=ECHO, input="x", previous_response_id="resp_unheard_of")


def test_a_conversation_holds_what_was_said(client):
    greeting = {"type": "message", "role": "user", "content": "hello"}
    conversation = client.conversations.create(metadata={"topic": "test"}, items=[greeting])
    client.responses.create(model=ECHO, input="more", conversation=conversation.id)
    items = client.conversations.items.list(conversation.id, order="asc")
    assert [item.content[0].text for item in items] == ["hello", "more", echo_of("more")]
    first = client.conversations.items.list(conversation.id, order="asc", limit=1).data[0]
    assert client.conversations.items.retrieve(first.id, conversation_id=conversation.id) == first
    assert client.conversations.items.delete(first.id, conversation_id=conversation.id).id == conversation.id
    assert client.conversations.update(conversation.id, metadata={"topic": "b"}).metadata == {"topic": "b"}
    assert client.conversations.delete(conversation.id).deleted is True
    with pytest.raises(openai.NotFoundError):
        client.conversations.retrieve(conversation.id)


def test_a_response_in_the_background_is_asked_for_later(client):
    queued = client.responses.create(model=ECHO, input="later", background=True)
    assert queued.status == "queued"
    done = finished(client, queued.id)
    assert (done.status, done.output_text) == ("completed", echo_of("later"))
    assert client.responses.cancel(queued.id).status == "completed"


def test_a_stream_in_the_background_is_followed_again_from_where_it_was_left(client):
    words = "one two three four"
    events = []
    with client.responses.create(model=ECHO, input=words, background=True, stream=True) as stream:
        for event in stream:
            events.append(event)
            if event.type == "response.output_text.delta":
                break
    id = events[0].response.id
    finished(client, id)
    after = events[-1].sequence_number
    rest = list(client.responses.retrieve(id, stream=True, starting_after=after))
    assert [event.sequence_number for event in rest] == list(range(after + 1, after + 1 + len(rest)))
    assert rest[-1].type == "response.completed"
    assert rest[-1].response.output_text == echo_of(words)
