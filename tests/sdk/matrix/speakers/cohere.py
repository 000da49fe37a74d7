"""Cohere's client."""

import base64
import json

from cohere.core import ApiError
from gateway import command

from .speaker import (
    PIXEL,
    RESULT,
    SCHEMA,
    THINKING_TOKENS,
    TOKENS_MAX,
    TOOL,
    TOOL_TEXT,
    Call,
    Refused,
    Speaker,
    Thought,
)

TOOLS = [{"type": "function", "function": {"name": TOOL, "description": TOOL_TEXT, "parameters": SCHEMA}}]
THINKING = {"type": "enabled", "token_budget": THINKING_TOKENS}


class Cohere(Speaker):
    def __init__(self, gateway):
        self.client = command(gateway.url, gateway.key)

    def say(self, model, text):
        try:
            return _text(self.client.chat(model=model, messages=[{"role": "system", "content": "be brief"}, *_user(text)]))
        except ApiError as error:
            raise Refused(error.status_code) from error

    def stream(self, model, text):
        events = self.client.chat_stream(model=model, messages=_user(text))
        try:
            for event in events:
                if event.type == "content-delta" and event.delta.message.content.text:
                    yield event.delta.message.content.text
        finally:
            events.close()

    def call(self, model, text):
        messages = _user(text)
        message = self.client.chat(model=model, messages=messages, tools=TOOLS).message
        [call] = message.tool_calls
        called = {"role": "assistant", "tool_plan": message.tool_plan, "tool_calls": message.tool_calls}
        result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
        answer = _text(self.client.chat(model=model, messages=[*messages, called, result], tools=TOOLS))
        return Call(call.function.name, json.loads(call.function.arguments), answer)

    def fill(self, model, text):
        form = {"type": "json_object", "json_schema": SCHEMA}
        return json.loads(_text(self.client.chat(model=model, messages=_user(text), response_format=form)))

    def look(self, model, text):
        picture = {"url": f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"}
        content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": picture}]
        return _text(self.client.chat(model=model, messages=_user(content)))

    def think(self, model, text):
        answer = self.client.chat(model=model, messages=_user(text), thinking=THINKING, max_tokens=TOKENS_MAX)
        thoughts = [content.thinking for content in answer.message.content if content.type == "thinking"]
        return Thought("".join(thoughts), _text(answer))

    def close(self):
        self.client.__exit__(None, None, None)


def _user(content):
    return [{"role": "user", "content": content}]


def _text(answer):
    return "".join(content.text for content in answer.message.content if content.type == "text")
