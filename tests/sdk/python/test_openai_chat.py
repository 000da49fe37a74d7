"""Chat completions: whole, streamed, and what usage a stream reports."""

import pytest
from scripted import ECHO, ask, echo_of

TEXT = "Grüße an alle, 你好 and \U0001f44b\nwith \"quotes\" and a \\ in it"


def test_a_chat_answers_with_text_and_usage(openai_client):
    completion = openai_client.chat.completions.create(model=ECHO, messages=ask(TEXT))
    assert completion.object == "chat.completion"
    assert completion.choices[0].message.content == echo_of(TEXT)
    assert completion.choices[0].message.role == "assistant"
    assert completion.choices[0].finish_reason == "stop"
    usage = completion.usage
    assert usage.prompt_tokens > 0 and usage.completion_tokens > 0
    assert usage.total_tokens == usage.prompt_tokens + usage.completion_tokens


def test_the_last_of_many_messages_is_answered(openai_client):
    messages = [
        {"role": "system", "content": "Be brief."},
        *ask("first"),
        {"role": "assistant", "content": "echo: first"},
        *ask("second"),
    ]
    completion = openai_client.chat.completions.create(model=ECHO, messages=messages, temperature=0)
    assert completion.choices[0].message.content == echo_of("second")


def test_a_limit_of_tokens_cuts_the_answer(openai_client):
    completion = openai_client.chat.completions.create(
        model=ECHO, messages=ask("one two three four"), max_completion_tokens=2
    )
    assert completion.choices[0].finish_reason == "length"
    assert completion.choices[0].message.content == "echo: one "
    assert completion.usage.completion_tokens == 2


def test_every_choice_that_was_asked_for_comes(openai_client):
    completion = openai_client.chat.completions.create(model=ECHO, messages=ask("hi"), n=3)
    assert [choice.index for choice in completion.choices] == [0, 1, 2]
    assert {choice.message.content for choice in completion.choices} == {echo_of("hi")}


def test_a_streamed_text_is_the_sum_of_its_deltas(openai_client):
    with openai_client.chat.completions.create(model=ECHO, messages=ask(TEXT), stream=True) as stream:
        chunks = list(stream)
    assert len(chunks) > 3
    assert {chunk.object for chunk in chunks} == {"chat.completion.chunk"}
    assert len({chunk.id for chunk in chunks}) == 1
    assert "".join(chunk.choices[0].delta.content or "" for chunk in chunks) == echo_of(TEXT)
    assert [chunk.choices[0].finish_reason for chunk in chunks[-1:]] == ["stop"]


@pytest.mark.parametrize("options", [{}, {"stream_options": {"include_usage": False}}])
def test_a_stream_without_a_wish_for_usage_shows_none(openai_client, options):
    stream = openai_client.chat.completions.create(model=ECHO, messages=ask("hi"), stream=True, **options)
    chunks = list(stream)
    assert all(chunk.usage is None for chunk in chunks)
    assert all(len(chunk.choices) == 1 for chunk in chunks)


def test_a_stream_with_a_wish_for_usage_ends_with_it(openai_client):
    whole = openai_client.chat.completions.create(model=ECHO, messages=ask("hi"))
    stream = openai_client.chat.completions.create(
        model=ECHO, messages=ask("hi"), stream=True, stream_options={"include_usage": True}
    )
    *before, last = list(stream)
    assert last.choices == []
    assert last.usage.to_dict() == whole.usage.to_dict()
    assert all(chunk.usage is None for chunk in before)


def test_the_stream_helper_puts_the_answer_together(openai_client):
    with openai_client.chat.completions.stream(
        model=ECHO, messages=ask(TEXT), stream_options={"include_usage": True}
    ) as stream:
        deltas = [event.delta for event in stream if event.type == "content.delta"]
        completion = stream.get_final_completion()
    assert "".join(deltas) == completion.choices[0].message.content == echo_of(TEXT)
    assert completion.usage.completion_tokens > 0


@pytest.mark.anyio
async def test_the_asynchronous_client_streams_too(openai_async):
    stream = await openai_async.chat.completions.create(model=ECHO, messages=ask(TEXT), stream=True)
    text = "".join([chunk.choices[0].delta.content or "" async for chunk in stream])
    assert text == echo_of(TEXT)
