"""What else Google's clients find: every base URL, lists of models, arrays in place of events, a stream that is left early."""

import json
import urllib.request

import pytest
from gateway import google
from google.genai import errors, types
from scripted import ECHO, echo_of, model

GENERATE = {"contents": [{"role": "user", "parts": [{"text": "größer als eines"}]}]}


@pytest.fixture
def client(url: str, key: str):
    with google(url, key) as client:
        yield client


@pytest.mark.parametrize("base", ["", "/", "/genai"])
@pytest.mark.parametrize("version", ["v1", "v1beta"])
def test_googles_client_works_under_every_base_url(url, key, base, version):
    with google(url + base, key, api_version=version) as client:
        assert client.models.generate_content(model=ECHO, contents="hi").text == echo_of("hi")
        chunks = client.models.generate_content_stream(model=ECHO, contents="hi")
        assert "".join(chunk.text or "" for chunk in chunks) == echo_of("hi")
        assert f"models/{ECHO}" in {entry.name for entry in client.models.list()}


@pytest.mark.parametrize("base", ["", "/genai"])
def test_the_client_of_vertex_works_with_a_key_alone(url, key, base):
    with google(url + base, key, vertexai=True) as client:
        assert client.models.generate_content(model=ECHO, contents="hi").text == echo_of("hi")
        chunks = client.models.generate_content_stream(model=ECHO, contents="hi")
        assert "".join(chunk.text or "" for chunk in chunks) == echo_of("hi")


def test_models_are_listed_page_by_page_and_each_can_be_retrieved(client):
    all_at_once = [entry.name for entry in client.models.list(config={"page_size": 1000})]
    assert f"models/{ECHO}" in all_at_once
    by_pages = client.models.list(config={"page_size": 5})
    assert len(by_pages.page) == 5
    assert [entry.name for entry in by_pages] == all_at_once
    entry = client.models.get(model=ECHO)
    assert (entry.name, entry.display_name) == (f"models/{ECHO}", ECHO)
    assert "generateContent" in entry.supported_actions


def test_an_unknown_model_is_not_found(client):
    with pytest.raises(errors.ClientError, match="did you mean `echo`") as refused:
        client.models.get(model="ecko")
    assert (refused.value.code, refused.value.status) == (404, "NOT_FOUND")


def generate(url: str, key: str, query: str, behaviour: str = "echo") -> tuple[str, str]:
    """The type and the body of a stream, asked for by hand."""
    request = urllib.request.Request(
        f"{url}/v1beta/models/{model(behaviour)}:streamGenerateContent{query}",
        data=json.dumps(GENERATE).encode(),
        headers={"content-type": "application/json", "x-goog-api-key": key},
    )
    with urllib.request.urlopen(request) as answer:
        return answer.headers["content-type"], answer.read().decode()


def test_who_does_not_ask_for_events_gets_an_array(url, key):
    kind, array = generate(url, key, "")
    assert kind == "application/json; charset=UTF-8"
    kind, events = generate(url, key, "?alt=sse")
    assert kind.startswith("text/event-stream")
    carried = [json.loads(line.removeprefix("data: ")) for line in events.splitlines() if line]
    assert json.loads(array) == carried
    answers = [types.GenerateContentResponse.model_validate(element) for element in carried]
    assert "".join(answer.text or "" for answer in answers) == echo_of("größer als eines")


@pytest.mark.parametrize(("behaviour", "code"), [("cut-midstream", 502), ("error-midstream", 500)])
def test_an_array_that_breaks_ends_with_an_error(url, key, behaviour, code):
    *begun, error = json.loads(generate(url, key, "", behaviour)[1])
    assert begun and error["error"]["code"] == code


def test_a_stream_can_be_left_early_and_the_next_request_is_answered(client):
    chunks = client.models.generate_content_stream(model=model("slow-tokens"), contents="one two")
    assert next(chunks).text == "echo: "
    chunks.close()
    assert client.models.generate_content(model=ECHO, contents="still there?").text == echo_of("still there?")


@pytest.mark.anyio
async def test_the_asynchronous_client_streams_too(client, anyio_backend):
    async with client.aio as asynchronous:
        chunks = await asynchronous.models.generate_content_stream(model=ECHO, contents="hi")
        assert "".join([chunk.text or "" async for chunk in chunks]) == echo_of("hi")


def test_a_client_that_loses_patience_times_out(url, key):
    with google(url, key, timeout=300) as client, pytest.raises(Exception, match="(?i)time"):
        client.models.generate_content(model=model("hang"), contents="hi")
