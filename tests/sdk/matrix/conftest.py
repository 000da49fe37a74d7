"""One Tollgate before six providers that each speak one format, and the page that tells which client has what from which.

`--matrix FILE` writes the page.
"""

import os
import pathlib
from collections import defaultdict

import pytest
from gateway import FORMATS, endpoints_of, serving
from speakers import SPEAKERS

TITLES = {
    "chat": "OpenAI chat",
    "responses": "OpenAI Responses",
    "messages": "Anthropic Messages",
    "gemini": "Gemini",
    "converse": "Bedrock Converse",
    "cohere": "Cohere chat",
}
CLIENTS = {
    "chat": "`openai`, chat",
    "responses": "`openai`, Responses",
    "messages": "`anthropic`",
    "gemini": "`google-genai`",
    "converse": "`boto3`",
    "cohere": "`cohere`",
}
PROVIDERS = list(TITLES)
HEAD = """# The matrix

The vendors' official clients for Python (rows), unmodified, before a provider that speaks one format and nothing else (columns). Each pair is asked
for an answer, a stream, a tool in two turns, structured output, the content of a picture, thinking, two refusals, and is left in the middle of a
stream. Written by `cargo xtask matrix`; `cargo xtask test` fails when it is not true any more.

"""

for name in list(os.environ):
    if name.startswith(("OPENAI_", "ANTHROPIC_", "GOOGLE_", "GEMINI_", "CO_API_", "AWS_")) or name.lower().endswith("_proxy"):
        del os.environ[name]


def pytest_addoption(parser):
    parser.addoption("--matrix", type=pathlib.Path, help="where to write the page")


@pytest.fixture(scope="session")
def gateway(tmp_path_factory):
    providers = {format: {"like": "scripted", **endpoints_of(format)} for format in FORMATS}
    with serving(tmp_path_factory.mktemp("matrix"), {"providers": providers}) as gateway:
        yield gateway


@pytest.fixture(scope="session", params=SPEAKERS)
def speaker(gateway, request):
    speaker = SPEAKERS[request.param](gateway)
    speaker.format = request.param
    yield speaker
    speaker.close()


@pytest.fixture(scope="session", params=PROVIDERS)
def provider(request):
    return request.param


class Results:
    """What passed and what there was, by client and provider."""

    def __init__(self):
        self.passed = defaultdict(int)
        self.all = defaultdict(int)

    def take(self, pair, outcome):
        self.all[pair] += 1
        self.passed[pair] += outcome == "passed"

    def page(self) -> str:
        lines = ["| client | " + " | ".join(TITLES.values()) + " |", "|---|" + "---|" * len(TITLES)]
        for client, title in CLIENTS.items():
            cells = [f"{self.passed[client, name]} of {self.all[client, name]}" for name in PROVIDERS]
            lines.append(f"| {title} | " + " | ".join(cells) + " |")
        whole = [pair for pair, count in list(self.all.items()) if count and self.passed[pair] == count]
        return HEAD + "\n".join(lines) + f"\n\n{len(whole)} of {len(CLIENTS) * len(PROVIDERS)} pairs.\n"


RESULTS = Results()


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(item, call):
    report = yield
    pair = getattr(item, "callspec", None) and item.callspec.params
    if pair and "speaker" in pair and (report.when == "call" or report.outcome != "passed"):
        RESULTS.take((pair["speaker"], pair["provider"]), report.outcome)
    return report


def pytest_terminal_summary(terminalreporter, config):
    page = RESULTS.page()
    terminalreporter.write(page.removeprefix(HEAD))
    if file := config.getoption("--matrix"):
        file.write_text(page)
