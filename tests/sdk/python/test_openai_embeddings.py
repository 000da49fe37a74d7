"""Embeddings: the client asks for base64 by itself and for floats when told to; both give the same vectors."""

import math

import pytest
from scripted import ECHO

TEXTS = ["a first text", "a second one", "a first text"]


def test_base64_which_the_client_asks_for_by_itself_gives_vectors(openai_client):
    answer = openai_client.embeddings.create(model=ECHO, input=TEXTS)
    vectors = [entry.embedding for entry in answer.data]
    assert [entry.index for entry in answer.data] == [0, 1, 2]
    assert vectors[0] == vectors[2] and vectors[0] != vectors[1]
    assert math.hypot(*vectors[0]) == pytest.approx(1, abs=1e-5)
    assert answer.usage.prompt_tokens == answer.usage.total_tokens > 0


def test_floats_are_the_same_vectors(openai_client):
    packed = openai_client.embeddings.create(model=ECHO, input=TEXTS[0]).data[0].embedding
    plain = openai_client.embeddings.create(model=ECHO, input=TEXTS[0], encoding_format="float").data[0].embedding
    assert plain == pytest.approx(packed, abs=1e-6)


def test_the_length_of_a_vector_can_be_chosen(openai_client):
    answer = openai_client.embeddings.create(model=ECHO, input="text", dimensions=512)
    assert len(answer.data[0].embedding) == 512


@pytest.mark.anyio
async def test_the_asynchronous_client_gets_the_same(openai_client, openai_async):
    one = openai_client.embeddings.create(model=ECHO, input="text").data[0].embedding
    other = (await openai_async.embeddings.create(model=ECHO, input="text")).data[0].embedding
    assert one == other
