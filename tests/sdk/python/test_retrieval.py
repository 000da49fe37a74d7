"""Embeddings and reranking: every vendor's client before a provider of every format, which all make the same vectors of a text."""

from contextlib import ExitStack

import cohere
import openai
import pytest
from gateway import command, google, serving
from scripted import ECHO

EMBEDDING = ["embeddings", "cohere_embed", "embed_content", "batch_embed_contents"]
RERANKING = ["cohere_rerank", "rerank"]
TEXTS = ["a first text", "größer als eines", "a first text"]
# More than Cohere and Google take at a time.
MANY = [f"text number {number}" for number in range(120)]
DOCUMENTS = ["A lighthouse.", "A hen is a bird.", "A hen is a bird that lays eggs."]
QUESTION = "Which bird lays eggs?"


@pytest.fixture(scope="module")
def gateway_of(tmp_path_factory):
    """A Tollgate whose provider speaks one of several formats only."""
    with ExitStack() as stack:
        gateways = {}

        def gateway(speaks: str, formats: list[str]):
            if speaks not in gateways:
                endpoints = {name: "" for name in formats if name != speaks}
                configuration = {"providers": {"scripted": {"endpoints": endpoints}}, "routes": {"echo": {"target": ECHO}}}
                gateways[speaks] = stack.enter_context(serving(tmp_path_factory.mktemp(speaks), configuration))
            return gateways[speaks]

        yield gateway


@pytest.fixture(params=EMBEDDING)
def embedding(gateway_of, request):
    return gateway_of(request.param, EMBEDDING)


@pytest.fixture(params=RERANKING)
def reranking(gateway_of, request):
    return gateway_of(request.param, RERANKING)


@pytest.fixture
def expected(openai_client) -> list[list[float]]:
    """The vectors as a provider of OpenAI's format makes them for OpenAI's client."""
    answer = openai_client.embeddings.create(model=ECHO, input=TEXTS, dimensions=8, encoding_format="float")
    return [entry.embedding for entry in answer.data]


@pytest.mark.parametrize("encoding", ["base64", "float"])
def test_openais_client_has_its_vectors(embedding, expected, encoding):
    with openai.OpenAI(base_url=f"{embedding.url}/v1", api_key=embedding.key, max_retries=0) as client:
        answer = client.embeddings.create(model=ECHO, input=TEXTS, dimensions=8, encoding_format=encoding)
        # It asks for base64 by itself, and makes floats of it.
        plain = client.embeddings.create(model=ECHO, input=TEXTS, dimensions=8)
    assert [entry.index for entry in answer.data] == [0, 1, 2]
    assert [entry.embedding for entry in plain.data] == [pytest.approx(vector, abs=1e-6) for vector in expected]
    if encoding == "float":
        assert [entry.embedding for entry in answer.data] == [pytest.approx(vector, abs=1e-6) for vector in expected]
    assert answer.usage.total_tokens > 0


def test_more_texts_than_a_provider_takes_keep_their_order(embedding):
    with openai.OpenAI(base_url=f"{embedding.url}/v1", api_key=embedding.key, max_retries=0) as client:
        answer = client.embeddings.create(model=ECHO, input=MANY, dimensions=4)
        alone = client.embeddings.create(model=ECHO, input=MANY[-1], dimensions=4)
    assert len(answer.data) == len(MANY)
    assert answer.data[-1].embedding == alone.data[0].embedding


def test_coheres_client_has_its_vectors(embedding, expected):
    with command(embedding.url, embedding.key) as client:
        answer = client.embed(
            model=ECHO, texts=TEXTS, input_type="search_document", output_dimension=8, embedding_types=["float", "base64"]
        )
    assert answer.embeddings.float_ == [pytest.approx(vector, abs=1e-6) for vector in expected]
    assert answer.meta.billed_units.input_tokens > 0


def test_googles_client_has_its_vectors(embedding, expected):
    with google(embedding.url, embedding.key) as client:
        answer = client.models.embed_content(model=ECHO, contents=TEXTS, config={"output_dimensionality": 8})
    assert [entry.values for entry in answer.embeddings] == [pytest.approx(vector, abs=1e-6) for vector in expected]


def test_a_refusal_is_each_clients_own_exception(embedding):
    with openai.OpenAI(base_url=f"{embedding.url}/v1", api_key=embedding.key, max_retries=0) as client:
        with pytest.raises(openai.BadRequestError, match="dimensions|output_dimension|outputDimensionality"):
            client.embeddings.create(model=ECHO, input="a", dimensions=100_000)
    with command(embedding.url, embedding.key) as client, pytest.raises(cohere.BadRequestError):
        client.embed(model=ECHO, texts=["a"], input_type="search_document", output_dimension=100_000)


def test_coheres_client_has_its_order(reranking):
    with command(reranking.url, reranking.key) as client:
        answer = client.rerank(model=ECHO, query=QUESTION, documents=DOCUMENTS, top_n=2)
    assert [result.index for result in answer.results] == [2, 1]
    assert answer.results[0].relevance_score > answer.results[1].relevance_score


def test_coheres_client_of_version_1_has_its_order_and_its_documents(reranking):
    with cohere.Client(api_key=reranking.key, base_url=reranking.url) as client:
        answer = client.rerank(model=ECHO, query=QUESTION, documents=DOCUMENTS, top_n=1, return_documents=True)
    assert [result.index for result in answer.results] == [2]
    assert answer.results[0].document.text == DOCUMENTS[2]
