"""The other vendors' clients before a provider that speaks Gemini and nothing else."""

import json

import anthropic
import openai
import pytest
from gateway import serving, speaking
from scripted import ECHO, ask, echo_of
from test_vision import ANSWER, DATA_URL

THOUGHT = "They said something, so I repeat it."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
TOOL = {"type": "function", "function": {"name": "weather", "description": "The weather.", "parameters": SCHEMA}}
ARGUMENTS = {"city": "text", "days": 1}


@pytest.fixture(scope="module")
def gateway(tmp_path_factory):
    with serving(tmp_path_factory.mktemp("gemini"), speaking("gemini")) as gateway:
        yield gateway


@pytest.fixture
def open_ai(gateway):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client:
        yield client


@pytest.fixture
def chat(open_ai):
    return open_ai.chat.completions


@pytest.fixture
def messages(gateway):
    with anthropic.Anthropic(base_url=gateway.url, api_key=gateway.key, max_retries=0) as client:
        yield client.messages


def test_chat_has_its_answer_whole_and_streamed(chat):
    asked = [{"role": "system", "content": "be brief"}, *ask("größer als eines")]
    whole = chat.create(model=ECHO, messages=asked)
    assert whole.choices[0].message.content == echo_of("größer als eines")
    assert whole.choices[0].finish_reason == "stop"
    chunks = list(chat.create(model=ECHO, messages=asked, stream=True, stream_options={"include_usage": True}))
    text = "".join(chunk.choices[0].delta.content or "" for chunk in chunks if chunk.choices)
    assert text == whole.choices[0].message.content
    assert chunks[-1].usage.total_tokens == whole.usage.total_tokens > 0


def test_chat_calls_tools_and_gives_their_results_together(chat):
    asked = ask("call the tools")
    tools = [TOOL, {"type": "function", "function": {"name": "clock", "parameters": {"type": "object"}}}]
    message = chat.create(model=ECHO, messages=asked, tools=tools).choices[0].message
    assert [call.function.name for call in message.tool_calls] == ["weather", "clock"]
    assert json.loads(message.tool_calls[0].function.arguments) == ARGUMENTS
    results = [{"role": "tool", "tool_call_id": call.id, "content": call.function.name} for call in message.tool_calls]
    asked += [message.model_dump(exclude_none=True), *results]
    answer = chat.create(model=ECHO, messages=asked, tools=tools)
    assert answer.choices[0].message.content == "the tool answered: clock"


def test_chat_has_json_of_its_schema_and_sees_pictures(chat):
    form = {"type": "json_schema", "json_schema": {"name": "trip", "schema": SCHEMA}}
    answer = chat.create(model=ECHO, messages=ask("hi"), response_format=form)
    assert json.loads(answer.choices[0].message.content) == ARGUMENTS
    content = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": DATA_URL}},
    ]
    answer = chat.create(model=ECHO, messages=[{"role": "user", "content": content}])
    assert answer.choices[0].message.content == ANSWER


def test_a_response_calls_a_tool_in_a_stream(open_ai):
    tool = {"type": "function", "name": "weather", "parameters": SCHEMA, "strict": False}
    events = list(
        open_ai.responses.create(model=ECHO, input="call the tool", tools=[tool], stream=True, store=False)
    )
    [call] = [item for item in events[-1].response.output if item.type == "function_call"]
    assert (call.name, json.loads(call.arguments), events[-1].type) == ("weather", ARGUMENTS, "response.completed")


def test_messages_sees_thinking_and_gives_it_back_with_a_tools_result(messages):
    thinking = {"type": "enabled", "budget_tokens": 1024}
    tools = [{"name": "weather", "input_schema": SCHEMA}]
    asked = {"model": ECHO, "max_tokens": 4096, "thinking": thinking, "tools": tools}
    turns = ask("call the tool")
    with messages.stream(**asked, messages=turns) as stream:
        message = stream.get_final_message()
    assert "".join(block.thinking for block in message.content if block.type == "thinking") == THOUGHT
    [call] = [block for block in message.content if block.type == "tool_use"]
    assert (call.name, call.input, message.stop_reason) == ("weather", ARGUMENTS, "tool_use")
    turns.append({"role": "assistant", "content": [block.to_dict() for block in message.content]})
    turns.append({"role": "user", "content": [{"type": "tool_result", "tool_use_id": call.id, "content": "rain"}]})
    answer = messages.create(**asked, messages=turns)
    assert [block.text for block in answer.content if block.type == "text"] == ["the tool answered: rain"]


def test_an_error_has_the_clients_shape_and_its_wait(chat, messages):
    with pytest.raises(openai.RateLimitError) as limited:
        chat.create(model="scripted/fail-429", messages=ask("hi"))
    assert limited.value.response.headers["retry-after"] == "1"
    with pytest.raises(anthropic.RateLimitError):
        messages.create(model="scripted/fail-429", max_tokens=64, messages=ask("hi"))
