"""What an operator sees of what the clients did: an answer that arrived whole counts as done."""

import urllib.request

import pytest
from scripted import ECHO, ask


def done(url: str, operation: str) -> int:
    """How many requests of an operation were answered to their end."""
    with urllib.request.urlopen(f"{url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    wanted = (f'operation="{operation}"', 'outcome="done"')
    counts = [line.split()[-1] for line in lines if line.startswith("tollgate_requests_total{")
              and all(label in line for label in wanted)]
    return sum(int(float(count)) for count in counts)


def chat(client):
    client.chat.completions.create(model=ECHO, messages=ask("hi"))


def chat_stream(client):
    list(client.chat.completions.create(model=ECHO, messages=ask("hi"), stream=True))


def response_made_read_and_deleted(client):
    made = client.responses.create(model=ECHO, input="count me")
    client.responses.retrieve(made.id)
    client.responses.delete(made.id)


@pytest.mark.parametrize(
    ("operation", "work", "requests"),
    [
        ("chat_completions", chat, 1),
        ("chat_completions", chat_stream, 1),
        ("responses", response_made_read_and_deleted, 3),
    ],
)
def test_an_answer_that_arrived_whole_counts_as_done(openai_client, url, operation, work, requests):
    before = done(url, operation)
    work(openai_client)
    assert done(url, operation) - before == requests
