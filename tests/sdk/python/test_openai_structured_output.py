"""Structured output in chat completions: the answer fits the schema that was asked for."""

import json

from pydantic import BaseModel
from scripted import ECHO, ask


class Step(BaseModel):
    explanation: str
    number: int


class Plan(BaseModel):
    title: str
    steps: list[Step]
    note: str | None


PLAN = Plan(title="text", steps=[Step(explanation="text", number=1)], note="text")


def test_an_answer_is_parsed_into_a_class(openai_client):
    completion = openai_client.chat.completions.parse(model=ECHO, messages=ask("plan it"), response_format=Plan)
    assert completion.choices[0].message.parsed == PLAN


def test_the_beta_name_of_parsing_works_too(openai_client):
    completion = openai_client.beta.chat.completions.parse(model=ECHO, messages=ask("plan it"), response_format=Plan)
    assert completion.choices[0].message.parsed == PLAN


def test_a_written_schema_is_met(openai_client):
    schema = {"type": "object", "properties": {"ok": {"type": "boolean"}}, "required": ["ok"]}
    completion = openai_client.chat.completions.create(
        model=ECHO,
        messages=ask("is it?"),
        response_format={"type": "json_schema", "json_schema": {"name": "verdict", "schema": schema}},
    )
    assert json.loads(completion.choices[0].message.content) == {"ok": True}


def test_a_streamed_answer_is_parsed_into_a_class(openai_client):
    with openai_client.chat.completions.stream(
        model=ECHO, messages=ask("plan it"), response_format=Plan
    ) as stream:
        completion = stream.get_final_completion()
    assert completion.choices[0].message.parsed == PLAN
