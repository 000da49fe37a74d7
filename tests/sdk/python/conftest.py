"""Clients as a user would make them: the vendor's class with another base URL and another key, and nothing else."""

import os

import anthropic
import openai
import pytest

# What would lead a client elsewhere than to the server under test.
FOREIGN_PREFIXES = ("OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_", "CO_API_")
PROXIES = ("http_proxy", "https_proxy", "all_proxy", "no_proxy")
for name in list(os.environ):
    if name.startswith(FOREIGN_PREFIXES) or name.lower() in PROXIES:
        del os.environ[name]


@pytest.fixture(scope="session")
def anyio_backend() -> str:
    """Asynchronous tests run on asyncio."""
    return "asyncio"


@pytest.fixture(scope="session")
def url() -> str:
    """Where Tollgate listens, without a path: `http://127.0.0.1:PORT`."""
    return os.environ["TOLLGATE_URL"].rstrip("/")


@pytest.fixture(scope="session")
def key() -> str:
    """A key that may use everything."""
    return os.environ["TOLLGATE_KEY"]


@pytest.fixture
def openai_client(url: str, key: str):
    """Tests of errors see the first answer, so nothing is tried again."""
    with openai.OpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        yield client


@pytest.fixture
async def openai_async(url: str, key: str, anyio_backend: str):
    async with openai.AsyncOpenAI(base_url=f"{url}/v1", api_key=key, max_retries=0) as client:
        yield client


@pytest.fixture
def anthropic_client(url: str, key: str):
    """Tests of errors see the first answer, so nothing is tried again."""
    with anthropic.Anthropic(base_url=url, api_key=key, max_retries=0) as client:
        yield client


@pytest.fixture
async def anthropic_async(url: str, key: str, anyio_backend: str):
    async with anthropic.AsyncAnthropic(base_url=url, api_key=key, max_retries=0) as client:
        yield client
