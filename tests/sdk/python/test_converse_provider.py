"""The other vendors' clients before a provider that speaks Bedrock Converse and nothing else, and refuses what Bedrock would."""

import json

import anthropic
import openai
import pytest
from gateway import serving, speaking
from scripted import ECHO, ask, echo_of
from test_vision import ANSWER, DATA_URL

CLAUDE = "scripted/eu.anthropic.claude-opus-4-6-v1"
THOUGHT = "They said something, so I repeat it."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA}}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("converse"), speaking("converse")) as gateway:
        yield gateway


@pytest.fixture
def chat(gateway):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client:
        yield client.chat.completions


@pytest.fixture
def claude(gateway):
    with anthropic.Anthropic(base_url=gateway.url, api_key=gateway.key, max_retries=0) as client:
        yield client.messages


def test_chat_has_its_answer_whole_and_streamed(chat):
    messages = [{"role": "system", "content": "be brief"}, *ask("größer"), *ask("als eines")]
    whole = chat.create(model=ECHO, messages=messages)
    assert whole.choices[0].message.content == echo_of("größer\nals eines")
    assert whole.choices[0].finish_reason == "stop"
    chunks = list(chat.create(model=ECHO, messages=messages, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert (text, chunks[-1].usage) == (whole.choices[0].message.content, whole.usage)


def test_chat_calls_tools_and_gives_their_results_together(chat):
    messages = [{"role": "system", "content": "be brief"}, *ask("call the tools")]
    tools = [TOOL, {"type": "function", "function": {"name": "clock.now", "parameters": {"type": "object"}}}]
    message = chat.create(model=ECHO, messages=messages, tools=tools).choices[0].message
    assert [call.function.name for call in message.tool_calls] == ["weather", "clock.now"]
    assert json.loads(message.tool_calls[0].function.arguments) == {"city": "text", "days": 1}
    results = [{"role": "tool", "tool_call_id": call.id, "content": call.function.name} for call in message.tool_calls]
    messages += [message.model_dump(exclude_none=True), *results]
    for given in (tools, openai.NOT_GIVEN):
        answer = chat.create(model=ECHO, messages=messages, tools=given)
        assert answer.choices[0].message.content == "the tool answered: clock.now"


def test_chat_streams_the_arguments_of_a_tool(chat):
    chunks = chat.create(model=ECHO, messages=ask("hi"), tools=[TOOL], tool_choice="required", stream=True)
    calls = [call for chunk in chunks for choice in chunk.choices for call in choice.delta.tool_calls or []]
    assert calls[0].function.name == "weather" and calls[0].id
    assert json.loads("".join(call.function.arguments or "" for call in calls)) == {"city": "text", "days": 1}


def test_chat_has_json_of_its_schema_and_sees_pictures(chat):
    form = {"type": "json_schema", "json_schema": {"name": "trip", "schema": SCHEMA}}
    answer = chat.create(model=ECHO, messages=ask("hi"), response_format=form)
    assert json.loads(answer.choices[0].message.content) == {"city": "text", "days": 1}
    content = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": DATA_URL}},
    ]
    answer = chat.create(model=ECHO, messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content == ANSWER


def test_messages_sees_thinking_and_gives_it_back_with_a_tools_result(claude):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    tools = [{"name": "weather", "input_schema": SCHEMA}]
    asked = {"model": CLAUDE, "max_tokens": 4096, "thinking": thinking, "tools": tools}
    messages = ask("call the tool")
    with claude.stream(**asked, messages=messages) as stream:
        message = stream.get_final_message()
    thought, call = message.content
    assert thought.thinking == THOUGHT and thought.signature
    assert (call.name, call.input, message.stop_reason) == ("weather", {"city": "text", "days": 1}, "tool_use")
    messages.append({"role": "assistant", "content": [block.to_dict() for block in message.content]})
    result = {"type": "tool_result", "tool_use_id": call.id, "content": "rain", "is_error": True}
    messages.append({"role": "user", "content": [result]})
    answer = claude.create(**asked, messages=messages)
    assert answer.content[-1].text == "the tool answered: rain"


def test_an_error_has_the_clients_shape(chat, claude):
    with pytest.raises(openai.RateLimitError):
        chat.create(model="scripted/fail-429", messages=ask("hi"))
    with pytest.raises(anthropic.RateLimitError):
        claude.create(model="scripted/fail-429", max_tokens=64, messages=ask("hi"))
