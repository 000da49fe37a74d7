"""Clients that lose patience or interest; the gateway goes on serving the others."""

import asyncio

import anthropic
import openai
import pytest
from scripted import ECHO, ask, echo_of, model

PATIENCE_SECONDS = 0.3


@pytest.fixture(autouse=True)
def served_afterwards(openai_client):
    """Whatever a client did, the next request is answered."""
    yield
    completion = openai_client.chat.completions.create(model=ECHO, messages=ask("still there?"), timeout=10)
    assert completion.choices[0].message.content == echo_of("still there?")


@pytest.mark.parametrize("stream", [False, True])
def test_a_chat_that_hangs_times_out_at_the_client(openai_client, stream):
    impatient = openai_client.with_options(timeout=PATIENCE_SECONDS)
    with pytest.raises(openai.APITimeoutError):
        impatient.chat.completions.create(model=model("hang"), messages=ask("hi"), stream=stream)


@pytest.mark.parametrize("stream", [False, True])
def test_a_message_that_hangs_times_out_at_the_client(anthropic_client, stream):
    impatient = anthropic_client.with_options(timeout=PATIENCE_SECONDS)
    with pytest.raises(anthropic.APITimeoutError):
        impatient.messages.create(model=model("hang"), max_tokens=64, messages=ask("hi"), stream=stream)


def test_a_chat_stream_can_be_left_early(openai_client):
    stream = openai_client.chat.completions.create(model=model("slow-tokens"), messages=ask("one two"), stream=True)
    with stream:
        assert next(stream).choices[0].delta.role == "assistant"


def test_a_response_stream_can_be_left_early(openai_client):
    with openai_client.responses.create(model=model("slow-tokens"), input="one two", stream=True) as stream:
        assert next(stream).type == "response.created"


def test_a_message_stream_can_be_left_early(anthropic_client):
    with anthropic_client.messages.stream(
        model=model("slow-tokens"), max_tokens=64, messages=ask("one two")
    ) as stream:
        assert next(stream.text_stream) == "echo: "


@pytest.mark.anyio
async def test_a_task_that_is_cancelled_leaves_its_stream(openai_async):
    begun = asyncio.Event()

    async def listen():
        stream = await openai_async.chat.completions.create(
            model=model("slow-tokens"), messages=ask("one two three four"), stream=True
        )
        async for _ in stream:
            begun.set()

    task = asyncio.create_task(listen())
    await begun.wait()
    task.cancel()
    with pytest.raises(asyncio.CancelledError):
        await task
