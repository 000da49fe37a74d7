"""Amazon's client, with Converse."""

import json

from botocore.exceptions import ClientError
from gateway import bedrock

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

TOOLS = {"tools": [{"toolSpec": {"name": TOOL, "description": TOOL_TEXT, "inputSchema": {"json": SCHEMA}}}]}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": THINKING_TOKENS, "display": "summarized"}}
STRUCTURE = {"jsonSchema": {"name": "trip", "schema": json.dumps(SCHEMA)}}
FORM = {"textFormat": {"type": "json_schema", "structure": STRUCTURE}}


class Converse(Speaker):
    def __init__(self, gateway):
        self.client = bedrock(gateway.url, **gateway.pair)

    def say(self, model, text):
        try:
            return _text(self._converse(model, _user({"text": text}), system=[{"text": "be brief"}]))
        except ClientError as error:
            raise Refused(error.response["ResponseMetadata"]["HTTPStatusCode"]) from error

    def stream(self, model, text):
        stream = self.client.converse_stream(modelId=model, messages=_user({"text": text}))["stream"]
        try:
            for event in stream:
                piece = event.get("contentBlockDelta", {}).get("delta", {}).get("text")
                if piece:
                    yield piece
        finally:
            stream.close()

    def call(self, model, text):
        messages = _user({"text": text})
        message = self._converse(model, messages, toolConfig=TOOLS)["output"]["message"]
        [call] = [block["toolUse"] for block in message["content"] if "toolUse" in block]
        result = {"toolResult": {"toolUseId": call["toolUseId"], "content": [{"text": RESULT}]}}
        answer = _text(self._converse(model, [*messages, message, *_user(result)], toolConfig=TOOLS))
        return Call(call["name"], call["input"], answer)

    def fill(self, model, text):
        return json.loads(_text(self._converse(model, _user({"text": text}), outputConfig=FORM)))

    def look(self, model, text):
        picture = {"image": {"format": "png", "source": {"bytes": PIXEL}}}
        return _text(self._converse(model, _user({"text": text}, picture)))

    def think(self, model, text):
        answer = self._converse(model, _user({"text": text}), additionalModelRequestFields=THINKING)
        blocks = answer["output"]["message"]["content"]
        thoughts = [block.get("reasoningContent", {}).get("reasoningText", {}).get("text", "") for block in blocks]
        return Thought("".join(thoughts), _text(answer))

    def close(self):
        self.client.close()

    def _converse(self, model, messages, **more):
        limit = {"maxTokens": TOKENS_MAX}
        return self.client.converse(modelId=model, messages=messages, inferenceConfig=limit, **more)


def _user(*content):
    return [{"role": "user", "content": list(content)}]


def _text(answer):
    return "".join(block.get("text", "") for block in answer["output"]["message"]["content"])
