"""Google's client: whole answers and streams, functions, thinking, errors. It has the same from a provider that speaks Gemini,
whose bytes are passed on, and from one that speaks another format.
"""

import base64
import json

import pytest
from gateway import by_format, google
from google.genai import errors, types
from pydantic import BaseModel
from scripted import ECHO, echo_of, model
from test_vision import PIXEL

TEXT = "a text of several words, größer als eines"
THOUGHT = "They said something, so I repeat it."
SCHEMA = {"type": "object", "properties": {"city": {"type": "string"}, "days": {"type": "integer"}}}
WEATHER = types.FunctionDeclaration(name="weather", description="The weather.", parameters_json_schema=SCHEMA)
CLOCK = types.FunctionDeclaration(name="clock", description="The time.", parameters_json_schema={"type": "object"})
TOOLS = [types.Tool(function_declarations=[WEATHER, CLOCK])]
ARGUMENTS = {"city": "text", "days": 1}


class Trip(BaseModel):
    city: str
    days: int


@pytest.fixture(scope="module")
def client_of(tmp_path_factory):
    """Google's client of a Tollgate whose provider speaks one format only."""
    with by_format(tmp_path_factory, lambda gateway: google(gateway.url, gateway.key)) as client_of:
        yield client_of


@pytest.fixture(params=["gemini", "chat", "responses", "messages", "converse", "cohere"])
def models(client_of, request):
    return client_of(request.param).models


def parts_of(chunks: list[types.GenerateContentResponse]) -> list[types.Part]:
    return [part for chunk in chunks for part in (chunk.candidates[0].content.parts or [])]


def text_of(parts: list[types.Part], *, thought: bool = False) -> str:
    return "".join(part.text or "" for part in parts if bool(part.thought) == thought)


def test_a_whole_answer_has_what_the_client_promises(models):
    answer = models.generate_content(model=ECHO, contents=TEXT, config={"system_instruction": "be brief"})
    assert answer.text == echo_of(TEXT)
    [candidate] = answer.candidates
    assert (candidate.finish_reason, candidate.content.role) == (types.FinishReason.STOP, "model")
    usage = answer.usage_metadata
    assert usage.total_token_count == usage.prompt_token_count + usage.candidates_token_count > 0
    assert answer.response_id and answer.model_version


def test_a_stream_comes_piece_by_piece_and_ends_with_its_usage(models):
    chunks = list(models.generate_content_stream(model=ECHO, contents=TEXT))
    assert len(chunks) > 3
    assert text_of(parts_of(chunks)) == echo_of(TEXT)
    assert [chunk.candidates[0].finish_reason for chunk in chunks[-1:]] == [types.FinishReason.STOP]
    whole = models.generate_content(model=ECHO, contents=TEXT)
    assert chunks[-1].usage_metadata.candidates_token_count == whole.usage_metadata.candidates_token_count


def test_a_conversation_remembers_its_turns(client_of):
    chat = client_of("gemini").chats.create(model=ECHO)
    assert chat.send_message("one").text == echo_of("one")
    assert "".join(chunk.text or "" for chunk in chat.send_message_stream("two")) == echo_of("two")
    assert [content.parts[0].text for content in chat.get_history() if content.role == "user"] == ["one", "two"]


def test_functions_are_called_and_their_results_come_back(models):
    contents = [types.UserContent("call the tools")]
    config = types.GenerateContentConfig(tools=TOOLS)
    answer = models.generate_content(model=ECHO, contents=contents, config=config)
    assert [(call.name, call.args) for call in answer.function_calls] == [("weather", ARGUMENTS), ("clock", {})]
    results = [
        types.Part(function_response=types.FunctionResponse(id=call.id, name=call.name, response={"result": call.name}))
        for call in answer.function_calls
    ]
    contents += [answer.candidates[0].content, types.Content(role="user", parts=results)]
    answer = models.generate_content(model=ECHO, contents=contents, config=config)
    told = answer.text.removeprefix("the tool answered: ")
    assert told == "clock" or json.loads(told) == {"result": "clock"}


def test_a_function_that_is_given_is_called_by_the_client_itself(models):
    asked = []

    def weather(city: str, days: int) -> str:
        """The weather."""
        asked.append((city, days))
        return "rain"

    answer = models.generate_content(model=ECHO, contents="call the tool", config={"tools": [weather]})
    assert asked == [("text", 1)]
    assert "rain" in answer.text and answer.text.startswith("the tool answered: ")


def test_a_function_that_is_required_is_called_in_a_stream(models):
    choice = types.FunctionCallingConfig(mode="ANY", allowed_function_names=["weather"])
    config = types.GenerateContentConfig(
        tools=TOOLS,
        tool_config=types.ToolConfig(function_calling_config=choice),
        automatic_function_calling=types.AutomaticFunctionCallingConfig(disable=True),
    )
    parts = parts_of(list(models.generate_content_stream(model=ECHO, contents="hi", config=config)))
    assert [(part.function_call.name, part.function_call.args) for part in parts if part.function_call] == [
        ("weather", ARGUMENTS)
    ]


def test_structured_output_is_read_as_its_class(models):
    for schema in ({"response_schema": Trip}, {"response_json_schema": Trip.model_json_schema()}):
        config = {"response_mime_type": "application/json", **schema}
        answer = models.generate_content(model=ECHO, contents="hi", config=config)
        assert json.loads(answer.text) == ARGUMENTS
    answer = models.generate_content(
        model=ECHO, contents="hi", config={"response_mime_type": "application/json", "response_schema": Trip}
    )
    assert answer.parsed == Trip(city="text", days=1)


def test_a_picture_reaches_the_model(models):
    picture = types.Part.from_bytes(data=base64.b64decode(PIXEL), mime_type="image/png")
    answer = models.generate_content(model=ECHO, contents=["what is this?", picture])
    assert answer.text == "echo: what is this? (1 image)"


def test_an_answer_ends_at_the_limit_of_tokens(models):
    # OpenAI's Responses takes no limit below this.
    answer = models.generate_content(model=ECHO, contents=TEXT * 4, config={"max_output_tokens": 16})
    assert answer.candidates[0].finish_reason == types.FinishReason.MAX_TOKENS
    assert echo_of(TEXT * 4).startswith(answer.text) and answer.text != echo_of(TEXT * 4)


@pytest.mark.parametrize("speaks", ["gemini"])
def test_thinking_is_shown_counted_and_proven(client_of, speaks):
    models = client_of(speaks).models
    config = {"thinking_config": {"include_thoughts": True, "thinking_budget": 1024}}
    whole = models.generate_content(model=ECHO, contents="hi", config=config)
    parts = whole.candidates[0].content.parts
    assert (text_of(parts, thought=True), whole.text) == (THOUGHT, echo_of("hi"))
    assert whole.usage_metadata.thoughts_token_count == 7
    streamed = parts_of(list(models.generate_content_stream(model=ECHO, contents="hi", config=config)))
    assert (text_of(streamed, thought=True), text_of(streamed)) == (THOUGHT, echo_of("hi"))
    for proofs in (parts, streamed):
        assert any(part.thought_signature for part in proofs)


def test_thinking_goes_back_with_a_functions_result(client_of):
    models = client_of("gemini").models
    contents = [types.UserContent("call the tool")]
    config = types.GenerateContentConfig(tools=TOOLS, thinking_config={"include_thoughts": True})
    answer = models.generate_content(model=ECHO, contents=contents, config=config)
    signed = [part for part in answer.candidates[0].content.parts if part.function_call]
    assert [bool(part.thought_signature) for part in signed] == [True]
    result = types.Part.from_function_response(name="weather", response={"result": "rain"})
    contents += [answer.candidates[0].content, types.Content(role="user", parts=[result])]
    assert models.generate_content(model=ECHO, contents=contents, config=config).text == "the tool answered: rain"


@pytest.mark.parametrize(
    ("behaviour", "kind", "status", "name"),
    [
        ("fail-400", errors.ClientError, 400, "INVALID_ARGUMENT"),
        ("fail-404", errors.ClientError, 404, "NOT_FOUND"),
        ("fail-429", errors.ClientError, 429, "RESOURCE_EXHAUSTED"),
        ("fail-503", errors.ServerError, 502, "UNAVAILABLE"),
    ],
)
def test_a_failure_is_the_clients_own_exception(models, behaviour, kind, status, name):
    for call in (models.generate_content, lambda **asked: list(models.generate_content_stream(**asked))):
        with pytest.raises(kind) as failed:
            call(model=model(behaviour), contents=TEXT)
        assert (failed.value.code, failed.value.status) == (status, name)
        assert failed.value.message


def test_the_wait_of_a_limit_is_in_the_error(models):
    with pytest.raises(errors.ClientError) as failed:
        models.generate_content(model=model("fail-429"), contents=TEXT)
    [retry] = failed.value.details["error"]["details"]
    assert retry == {"@type": "type.googleapis.com/google.rpc.RetryInfo", "retryDelay": "1s"}


def test_an_unknown_model_and_a_wrong_key_are_refused_in_googles_shape(client_of, url):
    with pytest.raises(errors.ClientError) as refused:
        client_of("gemini").models.generate_content(model="nobody/nothing", contents=TEXT)
    assert (refused.value.code, refused.value.status) == (404, "NOT_FOUND") and "nobody" in refused.value.message
    with google(url, "wrong") as client, pytest.raises(errors.ClientError) as refused:
        client.models.generate_content(model=ECHO, contents=TEXT)
    assert (refused.value.code, refused.value.status) == (401, "UNAUTHENTICATED")


def beginning(models, behaviour: str) -> str:
    """What a stream says before it breaks."""
    said = ""
    with pytest.raises(errors.APIError):
        for chunk in models.generate_content_stream(model=model(behaviour), contents=TEXT):
            said += chunk.text or ""
    return said


def test_a_broken_stream_raises_after_its_beginning(models):
    said = beginning(models, "cut-midstream")
    assert said and said != echo_of(TEXT) and echo_of(TEXT).startswith(said)


def test_an_error_within_a_stream_is_raised_as_the_provider_told_it(client_of):
    said = beginning(client_of("gemini").models, "error-midstream")
    assert said and said != echo_of(TEXT) and echo_of(TEXT).startswith(said)
