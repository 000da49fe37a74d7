"""Amazon's client: whole answers and streams of Converse, its errors, and the turn after a tool's call. It has the same from
a provider that speaks Converse, whose bytes are passed on, and from one that speaks another format.
"""

import base64
import json
from contextlib import closing

import pytest
from botocore.exceptions import ClientError, EventStreamError
from gateway import bedrock, by_format
from scripted import ECHO, echo_of, model
from test_vision import PIXEL

TEXT = "a text of several words, größer als eines"
THOUGHT = "They said something, so I repeat it."
ORDER = ["messageStart", "contentBlockDelta", "contentBlockStop", "messageStop", "metadata"]
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
TOOLS = {"tools": [{"toolSpec": {"name": "weather", "inputSchema": {"json": SCHEMA}}}]}
THINKING = {"thinking": {"type": "enabled", "budget_tokens": 1024}}


@pytest.fixture(scope="module")
def client_of(tmp_path_factory):
    """Amazon's client of a Tollgate whose provider speaks one format only."""
    with by_format(tmp_path_factory, lambda gateway: closing(bedrock(gateway.url, **gateway.pair))) as client_of:
        yield client_of


@pytest.fixture(params=["converse", "chat", "messages", "cohere", "gemini"])
def bedrock_client(client_of, request):
    return client_of(request.param)


def say(*blocks: str | dict) -> list[dict]:
    """One message of a user."""
    return [{"role": "user", "content": [{"text": block} if isinstance(block, str) else block for block in blocks]}]


def deltas(events: list[dict], *path: str) -> str:
    """What the deltas at this place say together."""

    def at(event: dict):
        value = event.get("contentBlockDelta", {}).get("delta")
        for name in path:
            value = value.get(name) if isinstance(value, dict) else None
        return value or ""

    return "".join(at(event) for event in events)


def kinds(events: list[dict]) -> list[str]:
    """What comes, each kind once."""
    return list(dict.fromkeys(kind for event in events for kind in event))


def test_a_whole_answer_has_what_the_client_promises(bedrock_client):
    answer = bedrock_client.converse(modelId=ECHO, system=[{"text": "be brief"}], messages=say(TEXT))
    assert answer["output"]["message"] == {"role": "assistant", "content": [{"text": echo_of(TEXT)}]}
    assert answer["stopReason"] == "end_turn"
    usage = answer["usage"]
    assert usage["totalTokens"] == usage["inputTokens"] + usage["outputTokens"] > 0
    assert answer["metrics"]["latencyMs"] >= 0


def test_a_stream_comes_in_its_order_and_ends_with_its_usage(bedrock_client):
    stream = bedrock_client.converse_stream(modelId=ECHO, messages=say(TEXT))["stream"]
    events = list(stream)
    assert kinds(events) == ORDER
    assert deltas(events, "text") == echo_of(TEXT)
    assert events[-1]["metadata"]["usage"]["outputTokens"] == len(events) - 4


def test_a_tool_is_called_and_its_result_comes_back(bedrock_client):
    messages = say("call the tool")
    answer = bedrock_client.converse(modelId=ECHO, messages=messages, toolConfig=TOOLS)
    call = answer["output"]["message"]["content"][-1]["toolUse"]
    assert (call["name"], call["input"], answer["stopReason"]) == ("weather", {"city": "text", "days": 1}, "tool_use")
    result = {"toolUseId": call["toolUseId"], "content": [{"json": {"sky": "blue"}}], "status": "success"}
    messages += [answer["output"]["message"], *say({"toolResult": result})]
    answer = bedrock_client.converse(modelId=ECHO, messages=messages, toolConfig=TOOLS)
    [block] = answer["output"]["message"]["content"]
    said, _, told = block["text"].partition(": ")
    assert (said, json.loads(told)) == ("the tool answered", {"sky": "blue"})


def test_the_input_of_a_tool_is_streamed(bedrock_client):
    choice = {**TOOLS, "toolChoice": {"tool": {"name": "weather"}}}
    events = list(bedrock_client.converse_stream(modelId=ECHO, messages=say("hi"), toolConfig=choice)["stream"])
    starts = [event["contentBlockStart"]["start"] for event in events if "contentBlockStart" in event]
    assert [start["toolUse"]["name"] for start in starts] == ["weather"]
    assert json.loads(deltas(events, "toolUse", "input")) == {"city": "text", "days": 1}
    assert events[-2]["messageStop"]["stopReason"] == "tool_use"


@pytest.mark.parametrize(
    ("speaks", "is_signed"), [("converse", True), ("messages", True), ("cohere", False), ("chat", False)]
)
def test_thinking_comes_with_its_proof_if_there_is_one(client_of, speaks, is_signed):
    client = client_of(speaks)
    answer = client.converse(modelId=ECHO, messages=say("hi"), additionalModelRequestFields=THINKING)
    thought = answer["output"]["message"]["content"][0]["reasoningContent"]["reasoningText"]
    assert thought["text"] == THOUGHT and ("signature" in thought) == is_signed
    stream = client.converse_stream(modelId=ECHO, messages=say("hi"), additionalModelRequestFields=THINKING)
    events = list(stream["stream"])
    assert deltas(events, "reasoningContent", "text") == THOUGHT
    assert bool(deltas(events, "reasoningContent", "signature")) == is_signed


def test_a_schema_and_a_picture_reach_the_model(bedrock_client):
    structure = {"jsonSchema": {"schema": json.dumps(SCHEMA)}}
    answer = bedrock_client.converse(
        modelId=ECHO,
        messages=say("hi"),
        outputConfig={"textFormat": {"type": "json_schema", "structure": structure}},
    )
    assert json.loads(answer["output"]["message"]["content"][0]["text"]) == {"city": "text", "days": 1}
    picture = {"image": {"format": "png", "source": {"bytes": base64.b64decode(PIXEL)}}}
    answer = bedrock_client.converse(modelId=ECHO, messages=say("what is this?", picture))
    assert answer["output"]["message"]["content"] == [{"text": "echo: what is this? (1 image)"}]


@pytest.mark.parametrize(
    ("behaviour", "error", "status"),
    [
        ("fail-400", "ValidationException", 400),
        ("fail-404", "ResourceNotFoundException", 404),
        ("fail-429", "ThrottlingException", 429),
        ("fail-503", "ServiceUnavailableException", 502),
    ],
)
def test_a_failure_is_the_clients_own_exception(bedrock_client, behaviour, error, status):
    for call in (bedrock_client.converse, bedrock_client.converse_stream):
        with pytest.raises(getattr(bedrock_client.exceptions, error)) as failed:
            call(modelId=model(behaviour), messages=say(TEXT))
        assert failed.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
        assert failed.value.response["Error"]["Message"]


def test_an_unknown_model_is_refused_in_amazons_shape(bedrock_client):
    with pytest.raises(ClientError) as refused:
        bedrock_client.converse(modelId="nobody/nothing", messages=say(TEXT))
    assert refused.value.response["Error"]["Code"] == "ResourceNotFoundException"
    assert "nobody" in refused.value.response["Error"]["Message"]


def beginning(client, behaviour: str) -> str:
    """What a stream says before it breaks."""
    events = []
    with closing(client.converse_stream(modelId=model(behaviour), messages=say(TEXT))["stream"]) as stream:
        with pytest.raises(EventStreamError):
            for event in stream:
                events.append(event)
    return deltas(events, "text")


def test_a_broken_stream_raises_after_its_beginning(bedrock_client):
    said = beginning(bedrock_client, "cut-midstream")
    assert said and said != echo_of(TEXT) and echo_of(TEXT).startswith(said)


def test_an_error_within_a_stream_is_raised_as_the_provider_told_it(client_of):
    said = beginning(client_of("converse"), "error-midstream")
    assert said and said != echo_of(TEXT) and echo_of(TEXT).startswith(said)


def test_tokens_are_counted_whoever_answers(bedrock_client):
    request = {"messages": [{"role": "user", "content": [{"text": TEXT}]}], "system": [{"text": "Be brief."}]}
    counted = bedrock_client.count_tokens(modelId=ECHO, input={"converse": request})
    assert counted["inputTokens"] > 5
