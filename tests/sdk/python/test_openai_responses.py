"""Responses: made, kept, asked for again, continued, cancelled and deleted."""

import json

import openai
import pytest
from pydantic import BaseModel
from scripted import ECHO, echo_of

TOOL = {
    "type": "function",
    "name": "weather",
    "strict": True,
    "parameters": {
        "type": "object",
        "properties": {"city": {"type": "string"}},
        "required": ["city"],
        "additionalProperties": False,
    },
}


def test_a_response_answers_with_text_and_usage(openai_client):
    response = openai_client.responses.create(model=ECHO, input="good morning", instructions="Be brief.")
    assert response.object == "response" and response.status == "completed"
    assert response.output_text == echo_of("good morning")
    assert response.instructions == "Be brief."
    assert response.usage.total_tokens == response.usage.input_tokens + response.usage.output_tokens


def test_tokens_are_counted_as_the_response_itself_counts_them(openai_client):
    counted = openai_client.responses.input_tokens.count(model=ECHO, input="good morning", instructions="Be brief.")
    response = openai_client.responses.create(model=ECHO, input="good morning", instructions="Be brief.")
    assert counted.object == "response.input_tokens"
    assert counted.input_tokens == response.usage.input_tokens


def test_a_limit_of_tokens_leaves_the_response_incomplete(openai_client):
    response = openai_client.responses.create(model=ECHO, input="one two three", max_output_tokens=2)
    assert response.status == "incomplete"
    assert response.incomplete_details.reason == "max_output_tokens"


def test_a_response_is_kept_until_it_is_deleted(openai_client):
    made = openai_client.responses.create(model=ECHO, input="keep me for a while")
    assert openai_client.responses.retrieve(made.id).output_text == made.output_text
    openai_client.responses.delete(made.id)
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve(made.id)


def test_the_input_of_a_response_is_listed(openai_client):
    items = [{"role": "user", "content": "one"}, {"role": "user", "content": "two"}]
    made = openai_client.responses.create(model=ECHO, input=items)
    listed = list(openai_client.responses.input_items.list(made.id))
    assert [item.content[0].text for item in listed] == ["one", "two"]


def test_a_background_response_can_be_cancelled(openai_client):
    made = openai_client.responses.create(model=ECHO, input="take your time", background=True)
    assert made.background is True
    assert openai_client.responses.cancel(made.id).status == "cancelled"
    assert openai_client.responses.retrieve(made.id).status == "cancelled"


def test_a_response_in_the_foreground_cannot_be_cancelled(openai_client):
    made = openai_client.responses.create(model=ECHO, input="right now")
    with pytest.raises(openai.BadRequestError, match="synchronous"):
        openai_client.responses.cancel(made.id)


def test_a_response_continues_another(openai_client):
    first = openai_client.responses.create(model=ECHO, input="first")
    second = openai_client.responses.create(model=ECHO, input="second", previous_response_id=first.id)
    assert second.previous_response_id == first.id
    assert second.output_text == echo_of("second")


def test_a_response_that_continues_nothing_is_refused(openai_client):
    with pytest.raises(openai.BadRequestError) as caught:
        openai_client.responses.create(model=ECHO, input="second", previous_response_id="resp_never_made")
    assert caught.value.param == "previous_response_id"


def test_a_response_that_was_never_made_is_not_found(openai_client):
    with pytest.raises(openai.NotFoundError):
        openai_client.responses.retrieve("resp_never_made")


def test_a_tool_is_called_and_its_result_answered(openai_client):
    question = [{"role": "user", "content": "use the tool"}]
    first = openai_client.responses.create(model=ECHO, input=question, tools=[TOOL])
    (call,) = first.output
    assert call.type == "function_call" and call.name == "weather"
    assert json.loads(call.arguments) == {"city": "text"}
    result = {"type": "function_call_output", "call_id": call.call_id, "output": "sunny"}
    second = openai_client.responses.create(model=ECHO, input=[*question, call.to_dict(), result], tools=[TOOL])
    assert second.output_text == "the tool answered: sunny"


class Verdict(BaseModel):
    reason: str
    ok: bool


def test_a_response_is_parsed_into_a_class(openai_client):
    response = openai_client.responses.parse(model=ECHO, input="is it?", text_format=Verdict)
    assert response.output_parsed == Verdict(reason="text", ok=True)


@pytest.mark.anyio
async def test_the_asynchronous_client_makes_and_keeps_too(openai_async):
    made = await openai_async.responses.create(model=ECHO, input="asynchronous")
    kept = await openai_async.responses.retrieve(made.id)
    assert kept.to_dict() == made.to_dict()
    await openai_async.responses.delete(made.id)
