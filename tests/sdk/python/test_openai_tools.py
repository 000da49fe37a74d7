"""Tools in chat completions: the call, its arguments piece by piece, and the turn with its result."""

import json
from typing import Literal

import openai
from pydantic import BaseModel
from scripted import ECHO, ask

PARAMETERS = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer", "minimum": 2}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
WEATHER = {"type": "function", "function": {"name": "weather", "parameters": PARAMETERS, "strict": True}}
CLOCK = {"type": "function", "function": {"name": "clock", "parameters": {"type": "object", "properties": {}}}}
ARGUMENTS = {"city": "text", "days": 2}
QUESTION = ask("Please use the tool")


def test_a_tool_is_called_with_arguments_of_its_schema(openai_client):
    completion = openai_client.chat.completions.create(model=ECHO, messages=QUESTION, tools=[WEATHER])
    choice = completion.choices[0]
    assert choice.finish_reason == "tool_calls"
    assert choice.message.content is None
    (call,) = choice.message.tool_calls
    assert call.type == "function" and call.function.name == "weather"
    assert json.loads(call.function.arguments) == ARGUMENTS


def test_a_named_tool_is_called_whatever_was_said(openai_client):
    choice = {"type": "function", "function": {"name": "clock"}}
    completion = openai_client.chat.completions.create(
        model=ECHO, messages=ask("hello"), tools=[WEATHER, CLOCK], tool_choice=choice
    )
    assert [call.function.name for call in completion.choices[0].message.tool_calls] == ["clock"]


def test_no_tool_is_called_when_none_may_be(openai_client):
    completion = openai_client.chat.completions.create(
        model=ECHO, messages=QUESTION, tools=[WEATHER], tool_choice="none"
    )
    assert completion.choices[0].message.tool_calls is None
    assert completion.choices[0].finish_reason == "stop"


def test_streamed_arguments_are_the_sum_of_their_pieces(openai_client):
    stream = openai_client.chat.completions.create(
        model=ECHO, messages=ask("use the tools"), tools=[WEATHER, CLOCK], stream=True
    )
    names, arguments, finish = {}, {}, None
    for chunk in stream:
        finish = chunk.choices[0].finish_reason or finish
        for call in chunk.choices[0].delta.tool_calls or []:
            names.setdefault(call.index, call.function.name)
            arguments[call.index] = arguments.get(call.index, "") + (call.function.arguments or "")
    assert names == {0: "weather", 1: "clock"}
    assert json.loads(arguments[0]) == ARGUMENTS and json.loads(arguments[1]) == {}
    assert finish == "tool_calls"


def test_the_result_of_a_tool_is_answered_in_the_next_turn(openai_client):
    first = openai_client.chat.completions.create(model=ECHO, messages=QUESTION, tools=[WEATHER]).choices[0].message
    result = {"role": "tool", "tool_call_id": first.tool_calls[0].id, "content": "sunny, 21 °C"}
    second = openai_client.chat.completions.create(model=ECHO, messages=[*QUESTION, first, result], tools=[WEATHER])
    assert second.choices[0].message.content == "the tool answered: sunny, 21 °C"
    assert second.choices[0].finish_reason == "stop"


class Forecast(BaseModel):
    """Looks up a forecast."""

    city: str
    unit: Literal["celsius", "fahrenheit"]


def test_the_stream_helper_parses_arguments_into_a_class(openai_client):
    tool = openai.pydantic_function_tool(Forecast)
    with openai_client.chat.completions.stream(model=ECHO, messages=QUESTION, tools=[tool]) as stream:
        done = [event for event in stream if event.type == "tool_calls.function.arguments.done"]
        completion = stream.get_final_completion()
    (call,) = completion.choices[0].message.tool_calls
    assert call.function.parsed_arguments == Forecast(city="text", unit="celsius")
    assert [event.name for event in done] == ["Forecast"]
