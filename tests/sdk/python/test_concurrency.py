"""Many requests at a time on one client: each gets its own answer."""

import asyncio
from concurrent.futures import ThreadPoolExecutor

import pytest
from scripted import ECHO, ask, echo_of

REQUESTS = 50
TEXTS = [f"request number {number} of {REQUESTS}" for number in range(REQUESTS)]


def test_threads_share_a_client(openai_client):
    def chat(text: str) -> str:
        completion = openai_client.chat.completions.create(model=ECHO, messages=ask(text))
        return completion.choices[0].message.content

    with ThreadPoolExecutor(max_workers=REQUESTS) as threads:
        answers = list(threads.map(chat, TEXTS))
    assert answers == [echo_of(text) for text in TEXTS]


@pytest.mark.anyio
async def test_streams_share_an_asynchronous_client(openai_async):
    async def stream(text: str) -> str:
        chunks = await openai_async.chat.completions.create(model=ECHO, messages=ask(text), stream=True)
        return "".join([chunk.choices[0].delta.content or "" async for chunk in chunks])

    answers = await asyncio.gather(*(stream(text) for text in TEXTS))
    assert answers == [echo_of(text) for text in TEXTS]


@pytest.mark.anyio
async def test_messages_and_chats_mix(openai_async, anthropic_async):
    async def chat(text: str) -> str:
        completion = await openai_async.chat.completions.create(model=ECHO, messages=ask(text))
        return completion.choices[0].message.content

    async def message(text: str) -> str:
        async with anthropic_async.messages.stream(model=ECHO, max_tokens=64, messages=ask(text)) as stream:
            return await stream.get_final_text()

    answers = await asyncio.gather(*(ask_one(text) for text in TEXTS for ask_one in (chat, message)))
    assert answers == [echo_of(text) for text in TEXTS for _ in range(2)]
