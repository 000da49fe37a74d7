"""OpenAI's client, with Responses. The second turn goes on from the first, which the provider or Tollgate keeps."""

import base64
import json

import openai

from .speaker import PIXEL, RESULT, SCHEMA, TOKENS_MAX, TOOL, TOOL_TEXT, Call, Refused, Speaker, Thought

TOOLS = [{"type": "function", "name": TOOL, "description": TOOL_TEXT, "parameters": SCHEMA, "strict": True}]
FORM = {"format": {"type": "json_schema", "name": "trip", "schema": SCHEMA, "strict": True}}


class Responses(Speaker):
    def __init__(self, gateway):
        self.client = openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0)
        self.create = self.client.responses.create

    def say(self, model, text):
        try:
            return self.create(model=model, input=text, instructions="be brief").output_text
        except openai.APIStatusError as error:
            raise Refused(error.status_code) from error

    def stream(self, model, text):
        with self.create(model=model, input=text, stream=True) as events:
            for event in events:
                if event.type == "response.output_text.delta":
                    yield event.delta

    def call(self, model, text):
        first = self.create(model=model, input=text, tools=TOOLS)
        [call] = [item for item in first.output if item.type == "function_call"]
        result = {"type": "function_call_output", "call_id": call.call_id, "output": RESULT}
        second = self.create(model=model, input=[result], tools=TOOLS, previous_response_id=first.id)
        return Call(call.name, json.loads(call.arguments), second.output_text)

    def fill(self, model, text):
        return json.loads(self.create(model=model, input=text, text=FORM).output_text)

    def look(self, model, text):
        picture = f"data:image/png;base64,{base64.b64encode(PIXEL).decode()}"
        content = [{"type": "input_text", "text": text}, {"type": "input_image", "image_url": picture}]
        return self.create(model=model, input=[{"role": "user", "content": content}]).output_text

    def think(self, model, text):
        reasoning = {"effort": "low", "summary": "auto"}
        answer = self.create(model=model, input=text, reasoning=reasoning, max_output_tokens=TOKENS_MAX)
        thoughts = [item for item in answer.output if item.type == "reasoning"]
        shown = [part.text for item in thoughts for part in [*item.summary, *(item.content or [])]]
        return Thought("".join(shown), answer.output_text)

    def close(self):
        self.client.close()
