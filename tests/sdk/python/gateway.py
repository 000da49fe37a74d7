"""A Tollgate of one module's own, with the configuration that its tests need."""

import json
import pathlib
import subprocess
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, ExitStack, contextmanager
from dataclasses import dataclass
from functools import cache

import boto3
import cohere
from botocore.config import Config
from google import genai

TOLLGATE = pathlib.Path(__file__).resolve().parents[3] / "target" / "debug" / "tollgate"
PAIRING_SECRET = "0123456789abcdef0123456789abcdef"

# The operations of each format of generated text.
FORMATS = {
    "chat": ["chat_completions", "completions"],
    "responses": ["responses"],
    "messages": ["messages"],
    "converse": ["converse", "converse_stream"],
    "cohere": ["cohere_chat"],
    "gemini": ["generate_content", "stream_generate_content"],
}


@dataclass
class Gateway:
    """Where it listens, its key, and the pair that Amazon's clients sign with in place of it."""

    url: str
    key: str
    pair: dict[str, str]


@contextmanager
def serving(folder: pathlib.Path, configuration: dict) -> Iterator[Gateway]:
    """Serves in a folder of its own until the end of the block."""
    made = json.loads(_run(folder, "key", "new", "team", "--json"))
    whole = {
        "server": {"listen": "127.0.0.1:0"},
        "keys": [{"name": "team", "hash": made["hash"]}],
        "signed_requests": {"secrets": [PAIRING_SECRET]},
        **configuration,
    }
    (folder / "tollgate.yaml").write_text(json.dumps(whole))
    pair = json.loads(_run(folder, "key", "pair", "team", "--config", "tollgate.yaml", "--json"))
    command = [TOLLGATE, "serve", "--config", "tollgate.yaml"]
    with subprocess.Popen(command, cwd=folder, env={}, stdout=subprocess.PIPE, text=True) as process:
        url = next(line.split()[-1] for line in process.stdout if line.startswith("listening on "))
        yield Gateway(url, made["key"], pair)
        process.terminate()


def endpoints_of(wanted: str) -> dict:
    """What makes the scripted provider speak one format only."""
    others = [names for format, names in FORMATS.items() if format != wanted]
    return {"endpoints": {name: "" for names in others for name in names}}


def speaking(wanted: str) -> dict:
    """A configuration in which the scripted provider speaks one format only."""
    return {"providers": {"scripted": endpoints_of(wanted)}, "routes": {"echo": {"target": "scripted/echo"}}}


@contextmanager
def by_format(folders, client: Callable[[Gateway], AbstractContextManager]) -> Iterator[Callable]:
    """A vendor's clients by the one format that the provider behind them speaks, each begun when it is first asked for."""
    with ExitStack() as stack:

        @cache
        def client_of(speaks: str):
            gateway = stack.enter_context(serving(folders.mktemp(speaks), speaking(speaks)))
            return stack.enter_context(client(gateway))

        yield client_of


def bedrock(url: str, access_key_id: str, secret_access_key: str):
    """Amazon's client. Tests of errors see the first answer, so nothing is tried again."""
    once = Config(retries={"max_attempts": 1, "mode": "standard"}, proxies={})
    return boto3.client(
        "bedrock-runtime",
        endpoint_url=url,
        region_name="eu-west-1",
        aws_access_key_id=access_key_id,
        aws_secret_access_key=secret_access_key,
        config=once,
    )


def google(url: str, key: str, **options) -> genai.Client:
    """Google's client, to which its address is an option among others."""
    vertexai = options.pop("vertexai", False)
    return genai.Client(api_key=key, vertexai=vertexai, http_options={"base_url": url, **options})


def command(url: str, key: str) -> cohere.ClientV2:
    """Cohere's client. Tests of errors see the first answer, so nothing is tried again."""
    return cohere.ClientV2(api_key=key, base_url=url, max_retries=0)


def _run(folder: pathlib.Path, *arguments: str) -> str:
    command = [TOLLGATE, *arguments]
    return subprocess.run(command, cwd=folder, env={}, check=True, capture_output=True, text=True).stdout
