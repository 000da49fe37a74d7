"""A stream that breaks after its first content ends with an error, never as if it were whole."""

import anthropic
import openai
import pytest
from scripted import ECHO, ask, echo_of, model

TEXT = "a text of a good many words so that half of it is more than nothing"


def read(stream, text_of) -> tuple[str, Exception | None]:
    """What arrived, and what ended it."""
    text = ""
    try:
        for event in stream:
            text += text_of(event) or ""
    except Exception as error:  # noqa: BLE001 - which one is for the test to say
        return text, error
    return text, None


def beginning_only(text: str) -> bool:
    return 0 < len(text) < len(echo_of(TEXT)) and echo_of(TEXT).startswith(text)


def test_a_cut_chat_raises(openai_client):
    stream = openai_client.chat.completions.create(model=model("cut-midstream"), messages=ask(TEXT), stream=True)
    text, error = read(stream, lambda chunk: chunk.choices[0].delta.content)
    assert beginning_only(text)
    assert type(error) is openai.APIError and error.code == "TG3003"


def test_a_cut_completion_raises(openai_client):
    stream = openai_client.completions.create(model=model("cut-midstream"), prompt=TEXT, stream=True)
    text, error = read(stream, lambda chunk: chunk.choices[0].text)
    assert beginning_only(text)
    assert type(error) is openai.APIError and error.code == "TG3003"


def test_a_providers_error_in_a_chat_keeps_its_words(openai_client):
    stream = openai_client.chat.completions.create(model=model("error-midstream"), messages=ask(TEXT), stream=True)
    text, error = read(stream, lambda chunk: chunk.choices[0].delta.content)
    assert beginning_only(text)
    assert type(error) is openai.APIError and error.type == "server_error"
    assert error.message == "scripted failure in the middle of the stream"


@pytest.mark.parametrize(("behaviour", "code"), [("cut-midstream", "TG3003"), ("error-midstream", "server_error")])
def test_a_broken_response_ends_with_an_error_event(openai_client, behaviour, code):
    events = list(openai_client.responses.create(model=model(behaviour), input=TEXT, stream=True))
    assert (events[-1].type, events[-1].code) == ("error", code)
    assert [event.sequence_number for event in events] == list(range(len(events)))
    assert any(event.type == "response.output_text.delta" for event in events)
    assert not any(event.type == "response.completed" for event in events)


def test_the_helper_has_no_final_response_of_a_cut_stream(openai_client):
    with openai_client.responses.stream(model=model("cut-midstream"), input=TEXT) as stream:
        with pytest.raises(RuntimeError, match="response.completed"):
            stream.get_final_response()


@pytest.mark.parametrize(
    ("behaviour", "kind"), [("cut-midstream", "api_error"), ("error-midstream", "overloaded_error")]
)
def test_a_broken_message_raises(anthropic_client, behaviour, kind):
    with anthropic_client.messages.stream(model=model(behaviour), max_tokens=64, messages=ask(TEXT)) as stream:
        text, error = read(stream.text_stream, str)
    assert beginning_only(text)
    assert isinstance(error, anthropic.APIStatusError) and error.type == kind


def test_the_next_request_of_the_same_client_is_served(openai_client):
    stream = openai_client.chat.completions.create(model=model("cut-midstream"), messages=ask(TEXT), stream=True)
    assert read(stream, lambda chunk: chunk.choices[0].delta.content)[1] is not None
    completion = openai_client.chat.completions.create(model=ECHO, messages=ask("hi"))
    assert completion.choices[0].message.content == echo_of("hi")
