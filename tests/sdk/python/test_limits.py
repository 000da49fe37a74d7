"""Limits and budgets: the clients back off by themselves where that helps, and not where it does not."""

import time

import anthropic
import openai
import pytest
from gateway import serving
from scripted import ECHO

QUESTION = [{"role": "user", "content": "hello"}]
SECOND = {"name": "a-second", "match": {"metadata.app": ["paced"]}, "requests": {"per_second": 1}}
SPENT = {
    "name": "spent",
    "match": {"metadata.app": ["poor"]},
    "usd": "0.000000001",
    "window": "month",
    "reserve": "most",
}
PRICES = {"provider": "scripted", "model": "echo", "prices": {"standard": {"input": "1", "output": "10"}}}


@pytest.fixture(scope="module")
def limited(tmp_path_factory):
    configuration = {
        "rate_limits": [SECOND],
        "budgets": [SPENT],
        "catalog": {"overrides": [PRICES]},
    }
    with serving(tmp_path_factory.mktemp("limits"), configuration) as gateway:
        yield gateway


def of(app: str) -> dict[str, str]:
    return {"x-tollgate-metadata": f'{{"app": "{app}"}}'}


def test_openai_comes_again_when_the_limit_has_room(limited):
    with openai.OpenAI(base_url=f"{limited.url}/v1", api_key=limited.key, max_retries=2) as client:
        ask = client.chat.completions.with_raw_response.create
        first = ask(model=ECHO, messages=QUESTION, max_tokens=9, extra_headers=of("paced"))
        assert first.headers["x-ratelimit-limit-requests"] == "1"
        assert first.headers["x-ratelimit-remaining-requests"] == "0"
        began = time.monotonic()
        second = ask(model=ECHO, messages=QUESTION, max_tokens=9, extra_headers=of("paced"))
        assert second.retries_taken == 1
        assert time.monotonic() - began > 0.9
        assert second.parse().choices[0].message.content == "echo: hello"


def test_openai_does_not_come_again_to_a_spent_budget(limited):
    with openai.OpenAI(base_url=f"{limited.url}/v1", api_key=limited.key, max_retries=5) as client:
        with pytest.raises(openai.RateLimitError) as refused:
            client.chat.completions.create(model=ECHO, messages=QUESTION, max_tokens=9, extra_headers=of("poor"))
    assert refused.value.code == "TG2022"
    assert refused.value.type == "insufficient_quota"
    assert refused.value.response.headers["x-should-retry"] == "false"


def test_anthropic_is_told_in_its_own_words(limited):
    with anthropic.Anthropic(base_url=limited.url, api_key=limited.key, max_retries=5) as client:
        with pytest.raises(anthropic.RateLimitError) as refused:
            client.messages.create(model=ECHO, messages=QUESTION, max_tokens=9, extra_headers=of("poor"))
    assert refused.value.body["error"]["type"] == "rate_limit_error"
    assert refused.value.response.headers["x-tollgate-error"] == "TG2022"
    assert refused.value.response.headers["x-should-retry"] == "false"
