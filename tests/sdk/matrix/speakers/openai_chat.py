"""OpenAI's client, with chat completions."""

import base64
import json

import openai

from .speaker import PIXEL, RESULT, SCHEMA, TOKENS_MAX, TOOL, TOOL_TEXT, Call, Refused, Speaker, Thought

TOOLS = [{"type": "function", "function": {"name": TOOL, "description": TOOL_TEXT, "parameters": SCHEMA}}]
FORM = {"type": "json_schema", "json_schema": {"name": "trip", "schema": SCHEMA, "strict": True}}


class Chat(Speaker):
    def __init__(self, gateway):
        self.client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0)
        self.create = self.client.chat.completions.create

    def say(self, model, text):
        messages = [{"role": "system", "content": "be brief"}, *_user(text)]
        try:
            return self.create(model=model, messages=messages).choices[0].message.content
        except openai.APIStatusError as error:
            raise Refused(error.status_code) from error

    def stream(self, model, text):
        with self.create(model=model, messages=_user(text), stream=True) as chunks:
            for chunk in chunks:
                if chunk.choices and chunk.choices[0].delta.content:
                    yield chunk.choices[0].delta.content

    def call(self, model, text):
        messages = _user(text)
        message = self.create(model=model, messages=messages, tools=TOOLS).choices[0].message
        [call] = message.tool_calls
        result = {"role": "tool", "tool_call_id": call.id, "content": RESULT}
        messages = [*messages, message.model_dump(exclude_none=True), result]
        answer = self.create(model=model, messages=messages, tools=TOOLS).choices[0].message.content
        return Call(call.function.name, json.loads(call.function.arguments), answer)

    def fill(self, model, text):
        answer = self.create(model=model, messages=_user(text), response_format=FORM)
        return json.loads(answer.choices[0].message.content)

    def look(self, model, text):
        picture = {"url": f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"}
        content = [{"type": "text", "text": text}, {"type": "image_url", "image_url": picture}]
        return self.create(model=model, messages=_user(content)).choices[0].message.content

    def think(self, model, text):
        # OpenAI's own chat shows no thinking; that it is to be shown is said as OpenRouter has it.
        shown = {"reasoning": {"effort": "low", "exclude": False}}
        asked = {"reasoning_effort": "low", "max_completion_tokens": TOKENS_MAX, "extra_body": shown}
        message = self.create(model=model, messages=_user(text), **asked).choices[0].message
        return Thought(message.reasoning_content, message.content)

    def close(self):
        self.client.close()


def _user(content):
    return [{"role": "user", "content": content}]
