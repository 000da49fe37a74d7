"""Google's client."""

import json

from gateway import google
from google.genai import errors, types

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

DECLARATION = types.FunctionDeclaration(name=TOOL, description=TOOL_TEXT, parameters_json_schema=SCHEMA)
TOOLS = {"tools": [types.Tool(function_declarations=[DECLARATION])]}
THINKING = {"include_thoughts": True, "thinking_budget": THINKING_TOKENS}


class Gemini(Speaker):
    def __init__(self, gateway):
        self.client = google(gateway.url, gateway.key)
        self.models = self.client.models

    def say(self, model, text):
        try:
            return self._generate(model, text, system_instruction="be brief").text
        except errors.APIError as error:
            raise Refused(error.code) from error

    def stream(self, model, text):
        for chunk in self.models.generate_content_stream(model=model, contents=text):
            if chunk.text:
                yield chunk.text

    def call(self, model, text):
        contents = [types.UserContent(text)]
        first = self._generate(model, contents, **TOOLS)
        [call] = first.function_calls
        result = types.FunctionResponse(id=call.id, name=call.name, response={"result": RESULT})
        answered = types.Content(role="user", parts=[types.Part(function_response=result)])
        second = self._generate(model, [*contents, first.candidates[0].content, answered], **TOOLS)
        return Call(call.name, call.args, second.text)

    def fill(self, model, text):
        form = {"response_mime_type": "application/json", "response_json_schema": SCHEMA}
        return json.loads(self._generate(model, text, **form).text)

    def look(self, model, text):
        picture = types.Part.from_bytes(data=PIXEL, mime_type="image/png")
        return self._generate(model, [text, picture]).text

    def think(self, model, text):
        answer = self._generate(model, text, thinking_config=THINKING)
        thoughts = [part.text for part in answer.candidates[0].content.parts if part.thought]
        return Thought("".join(thoughts), answer.text)

    def close(self):
        self.client.close()

    def _generate(self, model, contents, **config):
        config = types.GenerateContentConfig(max_output_tokens=TOKENS_MAX, **config)
        return self.models.generate_content(model=model, contents=contents, config=config)
