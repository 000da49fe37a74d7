"""Two replicas on one PostgreSQL database: a conversation goes on wherever it is asked."""

import json
import pathlib
import subprocess

import openai
import pytest
from gateway import serving, speaking
from scripted import ECHO, echo_of

ROOT = pathlib.Path(__file__).resolve().parents[3]


@pytest.fixture(scope="module")
def database_url():
    """A server that lives as long as the shell that keeps it."""
    script = '. docs/guide/postgres.sh; postgres; echo "$DATABASE_URL"; read -r _ || true'
    pipes = {"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "text": True}
    with subprocess.Popen(["bash", "-euc", script], cwd=ROOT, **pipes) as keeper:
        yield keeper.stdout.readline().strip()
        keeper.stdin.close()


@pytest.fixture(scope="module")
def replicas(tmp_path_factory, database_url):
    """Two clients with one key, each before a replica of its own."""
    state = {"state": {"kind": "postgres", "url": database_url}}
    folder = tmp_path_factory.mktemp("first")
    with serving(folder, {**speaking("chat"), **state}) as first:
        keys = json.loads((folder / "tollgate.yaml").read_text())["keys"]
        with serving(tmp_path_factory.mktemp("second"), {**speaking("chat"), **state, "keys": keys}) as second:
            clients = [openai.OpenAI(base_url=f"{url}/v1", api_key=first.key, max_retries=0) for url in (first.url, second.url)]
            yield clients
            for client in clients:
                client.close()


def test_a_response_is_gone_on_from_at_another_replica(replicas):
    one, other = replicas
    first = one.responses.create(model=ECHO, input="my name is Ada")
    assert other.responses.retrieve(first.id) == first
    second = other.responses.create(model=ECHO, input="who am I?", previous_response_id=first.id)
    assert second.output_text == echo_of("who am I?")
    third = one.responses.create(model=ECHO, input="and now?", previous_response_id=second.id)
    assert third.previous_response_id == second.id
    other.responses.delete(first.id)
    with pytest.raises(openai.NotFoundError):
        one.responses.create(model=ECHO, input="again", previous_response_id=third.id)


def test_a_conversation_grows_at_every_replica(replicas):
    one, other = replicas
    conversation = one.conversations.create(items=[{"type": "message", "role": "user", "content": "at the first"}])
    other.responses.create(model=ECHO, input="at the second", conversation=conversation.id)
    texts = [item.content[0].text for item in one.conversations.items.list(conversation.id, order="asc")]
    assert texts == ["at the first", "at the second", echo_of("at the second")]


def test_a_response_in_the_background_is_waited_for_at_another_replica(replicas):
    one, other = replicas
    begun = one.responses.create(model=ECHO, input="in the background", background=True)
    while (response := other.responses.retrieve(begun.id)).status in ("queued", "in_progress"):
        pass
    assert (response.status, response.output_text) == ("completed", echo_of("in the background"))
