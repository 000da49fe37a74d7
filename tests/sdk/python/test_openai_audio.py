"""Speech, transcriptions and translations."""

import io
import wave

import openai
import pytest

from scripted import ECHO


def test_a_text_is_spoken(openai_client):
    spoken = openai_client.audio.speech.create(model=ECHO, voice="alloy", input="one two three", response_format="wav")
    with wave.open(io.BytesIO(spoken.content)) as sound:
        assert (sound.getframerate(), sound.getnchannels(), sound.getnframes()) == (24_000, 1, 3 * 480)


def test_speech_arrives_while_it_is_made(openai_client):
    with openai_client.audio.speech.with_streaming_response.create(
        model=ECHO, voice="alloy", input="one two three"
    ) as spoken:
        assert spoken.headers["content-type"] == "audio/mpeg"
        pieces = list(spoken.iter_bytes(417))
    assert len(pieces) == 3 and all(piece.startswith(b"\xff\xfb") for piece in pieces)


def test_speech_comes_in_events(openai_client):
    with openai_client.audio.speech.with_streaming_response.create(
        model=ECHO, voice="alloy", input="one two", response_format="pcm", stream_format="sse"
    ) as spoken:
        lines = [line for line in spoken.iter_lines() if line.startswith("event: ")]
    assert lines == ["event: speech.audio.delta"] * 2 + ["event: speech.audio.done"]


def test_a_file_is_transcribed_in_every_form(openai_client):
    file = ("hello.wav", b"RIFF", "audio/wav")
    heard = openai_client.audio.transcriptions.create(model=ECHO, file=file, language="en")
    assert heard.text == "echo: 4 bytes of hello.wav in en"
    assert (heard.usage.type, heard.usage.seconds) == ("duration", 1)
    verbose = openai_client.audio.transcriptions.create(
        model=ECHO, file=file, response_format="verbose_json", timestamp_granularities=["segment"]
    )
    assert verbose.segments[0].text == "echo: 4 bytes of hello.wav"
    text = openai_client.audio.transcriptions.create(model=ECHO, file=file, response_format="text")
    assert text == "echo: 4 bytes of hello.wav\n"
    assert openai_client.audio.transcriptions.create(model=ECHO, file=file, response_format="vtt").startswith("WEBVTT")


def test_a_transcription_is_streamed(openai_client):
    stream = openai_client.audio.transcriptions.create(model=ECHO, file=("hello.wav", b"RIFF"), stream=True)
    events = list(stream)
    assert "".join(event.delta for event in events[:-1]) == events[-1].text == "echo: 4 bytes of hello.wav"
    assert events[-1].usage.input_token_details.audio_tokens == 10


def test_a_file_is_translated(openai_client):
    # The library says that OpenAI gives it up; others have it still.
    with pytest.warns(DeprecationWarning):
        heard = openai_client.audio.translations.create(model=ECHO, file=("hallo.wav", b"RIFF"))
    assert heard.text == "echo: 4 bytes of hallo.wav in English"


def test_what_was_spoken_is_heard(openai_client):
    spoken = openai_client.audio.speech.create(model=ECHO, voice="alloy", input="one two", response_format="wav")
    heard = openai_client.audio.transcriptions.create(model=ECHO, file=("said.wav", spoken.content))
    assert heard.text == f"echo: {44 + 2 * 960} bytes of said.wav"


def test_errors_are_those_of_the_library(openai_client):
    with pytest.raises(openai.BadRequestError) as refused:
        openai_client.audio.speech.create(model=ECHO, voice="alloy", input="a", response_format="opus")
    assert refused.value.param == "response_format"
    with pytest.raises(openai.APIStatusError) as failed:
        openai_client.audio.transcriptions.create(model="scripted/fail-503", file=("hello.wav", b"RIFF"))
    assert failed.value.status_code == 502
