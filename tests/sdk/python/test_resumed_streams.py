"""A stream that breaks off and is gone on with by another target is one stream to the vendors' clients."""

import json
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager

import openai
import pytest
from gateway import google, serving, speaking
from google.genai import types
from scripted import echo_of, model

TEXT = "a text of a good many words so that half of it is more than nothing"
BROKEN = ["cut-midstream", "error-midstream"]
FOLLOW_UP = "and what did I say before?"


def resuming(behaviour: str) -> dict:
    """A route whose streams are gone on with by who echoes."""
    targets = [{"target": model(behaviour)}, {"target": model("echo")}]
    return {"strategy": {"mode": "fallback"}, "resume": True, "targets": targets}


def sending(behaviour: str) -> dict[str, str]:
    """A route of the client's own, by which it allows that its answer is of several."""
    return {"x-tollgate-config": json.dumps(resuming(behaviour))}


@contextmanager
def calling(url: str, key: str, headers: dict[str, str]) -> Iterator[openai.OpenAI]:
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0, default_headers=headers) as client:
        yield client


@pytest.fixture(params=BROKEN + ["chat", "messages"])
def openai_resuming(request, url, key, tmp_path):
    """A client before a provider of Responses, by how that breaks off; or before one that speaks another format alone."""
    if request.param in BROKEN:
        with calling(url, key, sending(request.param)) as client:
            yield client
        return
    configuration = speaking(request.param) | {"routes": {"any": resuming("cut-midstream")}}
    with serving(tmp_path, configuration) as gateway:
        with calling(gateway.url, gateway.key, {"x-tollgate-resume": "true"}) as client:
            yield client


def test_the_events_are_those_of_one_response(openai_resuming):
    events = list(openai_resuming.responses.create(model="any", input=TEXT, stream=True))
    assert [event.sequence_number for event in events] == list(range(len(events)))
    kinds = [event.type for event in events]
    for once in ("created", "output_item.added", "output_text.done", "output_item.done", "completed"):
        assert kinds.count(f"response.{once}") == 1, kinds
    assert kinds[-1] == "response.completed"
    assert "".join(event.delta for event in events if event.type == "response.output_text.delta") == echo_of(TEXT)
    response = events[-1].response
    assert response.output_text == echo_of(TEXT)
    assert response.id == events[0].response.id and response.created_at == events[0].response.created_at
    of_items = {event.item_id for event in events if hasattr(event, "item_id")}
    assert of_items == {response.output[0].id}
    assert response.usage.output_tokens > 0


def test_the_helper_has_the_final_response(openai_resuming):
    with openai_resuming.responses.stream(model="any", input=TEXT) as stream:
        said = "".join(event.delta for event in stream if event.type == "response.output_text.delta")
        final = stream.get_final_response()
    assert said == final.output_text == echo_of(TEXT)
    assert final.output_parsed is None


def test_all_of_the_response_is_kept(openai_resuming):
    with openai_resuming.responses.stream(model="any", input=TEXT) as stream:
        final = stream.get_final_response()
    assert openai_resuming.responses.retrieve(final.id).output_text == echo_of(TEXT)
    next_one = openai_resuming.responses.create(
        model=model("echo"), input=FOLLOW_UP, previous_response_id=final.id
    )
    assert next_one.output_text == echo_of(FOLLOW_UP)
    assert next_one.usage.input_tokens > 2 * len(TEXT.split()), "the history was sent"


@pytest.mark.parametrize("behaviour", BROKEN)
def test_an_array_is_one_array(url, key, behaviour):
    body = {"contents": [{"role": "user", "parts": [{"text": TEXT}]}]}
    request = urllib.request.Request(
        f"{url}/v1beta/models/any:streamGenerateContent",
        data=json.dumps(body).encode(),
        headers={"content-type": "application/json", "x-goog-api-key": key} | sending(behaviour),
    )
    with urllib.request.urlopen(request) as answer:
        assert answer.headers["content-type"] == "application/json; charset=UTF-8"
        elements = json.loads(answer.read())
    candidates = [element["candidates"][0] for element in elements if element.get("candidates")]
    parts = [part for candidate in candidates for part in candidate.get("content", {}).get("parts", [])]
    assert "".join(part["text"] for part in parts) == echo_of(TEXT)
    assert [candidate["finishReason"] for candidate in candidates if "finishReason" in candidate] == ["STOP"]


@pytest.mark.parametrize("behaviour", BROKEN)
def test_googles_client_reads_its_events_as_one_stream(url, key, behaviour):
    with google(url, key, headers=sending(behaviour)) as client:
        chunks = list(client.models.generate_content_stream(model="any", contents=TEXT))
    assert "".join(chunk.text or "" for chunk in chunks) == echo_of(TEXT)
    assert chunks[-1].candidates[0].finish_reason == types.FinishReason.STOP
