"""Every vendor's client before a provider of every format: the same eight things are asked for, and the same is answered."""

import urllib.request

import pytest
from conftest import PROVIDERS
from speakers import SPEAKERS, Refused

THOUGHT = "They said something, so I repeat it."
# OpenAI shows summaries to organisations that it has verified and refuses them to others, so Responses is asked for one only by
# a client that says it wants to see it, for which Cohere's format has no word.
NOT_SHOWN = ("cohere", "responses")
# Bedrock's models are asked to think in their makers' words, so the name has to tell whose it is.
THINKERS = {"converse": "eu.anthropic.claude-opus-4-6-v1", "gemini": "gemini-3-pro", "messages": "claude-opus-4-1"}


def test_a_text_is_answered(speaker, provider):
    assert speaker.say(f"{provider}/echo", "größer als eines") == "echo: größer als eines"


def test_an_answer_is_streamed_piece_by_piece(speaker, provider):
    pieces = list(speaker.stream(f"{provider}/echo", "a text of several words"))
    assert len(pieces) > 2 and "".join(pieces) == "echo: a text of several words"


def test_a_tool_is_called_and_its_result_is_answered(speaker, provider):
    call = speaker.call(f"{provider}/echo", "call the tool")
    assert (call.name, call.arguments) == ("weather", {"city": "text", "days": 1})
    assert call.answer.startswith("the tool answered: ") and "sunny" in call.answer


def test_an_answer_fits_a_schema(speaker, provider):
    assert speaker.fill(f"{provider}/echo", "a trip") == {"city": "text", "days": 1}


def test_a_picture_is_seen(speaker, provider):
    assert speaker.look(f"{provider}/echo", "what is this?") == "echo: what is this? (1 image)"


def test_thinking_comes_before_the_answer(speaker, provider):
    thought = speaker.think(f"{provider}/{THINKERS.get(provider, 'echo')}", "hi")
    shown = "" if (speaker.format, provider) == NOT_SHOWN else THOUGHT
    assert (thought.thinking, thought.text) == (shown, "echo: hi")


@pytest.mark.parametrize("status", [400, 429])
def test_a_refusal_is_the_clients_own_exception(speaker, provider, status):
    with pytest.raises(Refused) as refused:
        speaker.say(f"{provider}/fail-{status}", "hi")
    assert refused.value.status == status


def test_leaving_a_stream_cancels_the_providers_call(speaker, provider, gateway):
    before = cancelled(gateway, provider)
    pieces = speaker.stream(f"{provider}/slow-tokens", "one two three four five six seven eight")
    assert next(pieces)
    pieces.close()
    while cancelled(gateway, provider) == before:
        pass


def cancelled(gateway, provider: str) -> float:
    """How many requests to a provider were left by their client."""
    with urllib.request.urlopen(f"{gateway.url}/metrics") as answer:
        lines = answer.read().decode().splitlines()
    wanted = (f'provider="{provider}"', 'outcome="cancelled"')
    counted = [line for line in lines if line.startswith("tollgate_requests_total{")]
    return sum(float(line.split()[-1]) for line in counted if all(label in line for label in wanted))


def test_there_are_six_of_each():
    assert (len(SPEAKERS), len(PROVIDERS)) == (6, 6)
