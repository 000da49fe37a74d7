"""Realtime sessions by OpenAI's client: opened, spoken in, metered and closed."""

import asyncio

import pytest
import websockets
from openai import AsyncOpenAI
from scripted import ECHO, echo_of, model


def talk(url: str, key: str, wanted: str, conversation):
    async def session():
        async with AsyncOpenAI(base_url=f"{url}/v1", api_key=key) as client:
            async with client.realtime.connect(model=wanted) as connection:
                return await conversation(connection)

    return asyncio.run(asyncio.wait_for(session(), 10))


async def until(connection, kind: str) -> list:
    events = []
    async for event in connection:
        events.append(event)
        if event.type == kind:
            return events
    raise AssertionError(f"no {kind} in {events}")


def test_a_text_is_answered_word_by_word_with_its_usage(url, key):
    async def conversation(connection):
        content = [{"type": "input_text", "text": "good morning"}]
        await connection.conversation.item.create(item={"type": "message", "role": "user", "content": content})
        await connection.response.create()
        return await until(connection, "response.done")

    events = talk(url, key, ECHO, conversation)
    assert events[0].type == "session.created"
    words = [event.delta for event in events if event.type == "response.output_text.delta"]
    assert "".join(words) == echo_of("good morning")
    assert events[-1].response.usage.output_tokens == len(words)


def test_sound_comes_back_as_it_was_said(url, key):
    async def conversation(connection):
        await connection.input_audio_buffer.append(audio="QUJD" * 50_000)
        await connection.input_audio_buffer.commit()
        await connection.response.create()
        return await until(connection, "response.done")

    events = talk(url, key, ECHO, conversation)
    (said,) = [event.delta for event in events if event.type == "response.output_audio.delta"]
    assert said == "QUJD" * 50_000
    assert events[-1].response.usage.output_token_details.audio_tokens > 0


def test_a_refused_session_is_an_http_answer(url, key):
    async def conversation(_connection):
        raise AssertionError("there is no session")

    with pytest.raises(websockets.exceptions.InvalidStatus) as refused:
        talk(url, key, model("fail-400"), conversation)
    assert refused.value.response.status_code == 400
