"""A provider's own paths as a base URL: everything a vendor's client can ask for, also what Tollgate does not know."""

import openai
import pytest
from scripted import ask, echo_of


@pytest.fixture
def through(url, key):
    with openai.OpenAI(base_url=f"{url}/providers/scripted/v1", api_key=key, max_retries=0) as client:
        yield client


def test_an_endpoint_that_tollgate_does_not_know_is_reached(through):
    assert through.responses.input_tokens.count(model="echo", input="one two three").input_tokens == 3


def test_a_stream_passes_through(through):
    stream = through.chat.completions.create(model="echo", messages=ask("hi"), stream=True)
    assert "".join(chunk.choices[0].delta.content or "" for chunk in stream) == echo_of("hi")


def test_an_error_passes_through_as_the_provider_made_it(through):
    with pytest.raises(openai.InternalServerError, match="scripted failure with status 503") as caught:
        through.chat.completions.create(model="fail-503", messages=ask("hi"))
    assert caught.value.status_code == 503


def test_what_came_before_a_break_arrives_and_the_break_is_an_error(through):
    stream = through.chat.completions.create(model="cut-midstream", messages=ask("one two three"), stream=True)
    text = ""
    with pytest.raises(openai.APIConnectionError):
        for chunk in stream:
            text += chunk.choices[0].delta.content or ""
    assert 0 < len(text) < len(echo_of("one two three"))
    assert echo_of("one two three").startswith(text)


def test_a_provider_that_is_not_there_is_not_found(url, key):
    with openai.OpenAI(base_url=f"{url}/providers/nobody/v1", api_key=key, max_retries=0) as client:
        with pytest.raises(openai.NotFoundError) as caught:
            client.models.list()
    assert caught.value.code == "TG2007"
