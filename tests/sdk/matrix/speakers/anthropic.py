"""Anthropic's client."""

import base64
import json

import anthropic

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

TOOLS = [{"name": TOOL, "description": TOOL_TEXT, "input_schema": SCHEMA}]
THINKING = {"type": "enabled", "budget_tokens": THINKING_TOKENS, "display": "summarized"}
FORM = {"format": {"type": "json_schema", "schema": SCHEMA}}


class Messages(Speaker):
    def __init__(self, gateway):
        self.client = anthropic.Anthropic(base_url=gateway.url, api_key=gateway.key, max_retries=0)

    def say(self, model, text):
        try:
            return _text(self._create(model, _user(text), system="be brief"))
        except anthropic.APIStatusError as error:
            raise Refused(error.status_code) from error

    def stream(self, model, text):
        with self.client.messages.stream(model=model, messages=_user(text), max_tokens=TOKENS_MAX) as stream:
            yield from stream.text_stream

    def call(self, model, text):
        messages = _user(text)
        first = self._create(model, messages, tools=TOOLS)
        [call] = [block for block in first.content if block.type == "tool_use"]
        result = {"type": "tool_result", "tool_use_id": call.id, "content": RESULT}
        messages = [*messages, {"role": "assistant", "content": first.content}, *_user([result])]
        return Call(call.name, call.input, _text(self._create(model, messages, tools=TOOLS)))

    def fill(self, model, text):
        return json.loads(_text(self._create(model, _user(text), output_config=FORM)))

    def look(self, model, text):
        source = {"type": "base64", "media_type": "image/png", "data": base64.b64encode(PIXEL).decode()}
        content = [{"type": "image", "source": source}, {"type": "text", "text": text}]
        return _text(self._create(model, _user(content)))

    def think(self, model, text):
        message = self._create(model, _user(text), thinking=THINKING)
        thinking = "".join(block.thinking for block in message.content if block.type == "thinking")
        return Thought(thinking, _text(message))

    def close(self):
        self.client.close()

    def _create(self, model, messages, **more):
        return self.client.messages.create(model=model, messages=messages, max_tokens=TOKENS_MAX, **more)


def _user(content):
    return [{"role": "user", "content": content}]


def _text(message):
    return "".join(block.text for block in message.content if block.type == "text")
