"""Legacy text completions."""

from scripted import ECHO, echo_of


def test_a_prompt_is_completed(openai_client):
    completion = openai_client.completions.create(model=ECHO, prompt="once upon a time")
    assert completion.object == "text_completion"
    assert completion.choices[0].text == echo_of("once upon a time")
    assert completion.choices[0].finish_reason == "stop"
    assert completion.usage.total_tokens == completion.usage.prompt_tokens + completion.usage.completion_tokens


def test_each_prompt_of_a_list_has_its_choice(openai_client):
    completion = openai_client.completions.create(model=ECHO, prompt=["one", "two"], max_tokens=16)
    assert [(choice.index, choice.text) for choice in completion.choices] == [(0, "echo: one"), (1, "echo: two")]


def test_a_streamed_completion_is_the_sum_of_its_texts(openai_client):
    chunks = list(openai_client.completions.create(model=ECHO, prompt="once upon a time", stream=True))
    assert "".join(chunk.choices[0].text for chunk in chunks) == echo_of("once upon a time")
    assert chunks[-1].choices[0].finish_reason == "stop"
    assert all(chunk.usage is None for chunk in chunks)


def test_usage_is_streamed_only_on_request(openai_client):
    stream = openai_client.completions.create(
        model=ECHO, prompt="once", stream=True, stream_options={"include_usage": True}
    )
    *before, last = list(stream)
    assert last.choices == [] and last.usage.completion_tokens == 2
    assert all(chunk.choices for chunk in before)
