"""OpenAI's client before providers that draw, speak and listen in words of their own."""

import base64
import json
import threading
from email import message_from_bytes
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from urllib.parse import parse_qs, urlsplit

import openai
import pytest
from gateway import serving

PNG = b"\x89PNG\r\n\x1a\n"
KEY = "sk-of-the-provider"
WORDS = [
    {"word": "hello", "punctuated_word": "Hello.", "text": "Hello.", "start": 0.25, "end": 1.0, "type": "word"},
    {"word": "goodbye", "punctuated_word": "Goodbye.", "text": "Goodbye.", "start": 2.0, "end": 2.5, "type": "word"},
]
HEARD = "Hello. Goodbye."


def drawn(body: dict) -> dict:
    """An image of Gemini, which says what it was told."""
    told = body["contents"][0]["parts"][-1]["text"]
    if "forbidden" in told:
        return {"candidates": [{"finishReason": "IMAGE_SAFETY"}]}
    picture = {"inlineData": {"mimeType": "image/png", "data": base64.b64encode(PNG + told.encode()).decode()}}
    return {
        "candidates": [{"content": {"parts": [{"text": "Here it is."}, picture]}, "finishReason": "STOP"}],
        "usageMetadata": {"promptTokenCount": 7, "candidatesTokenCount": 1290, "totalTokenCount": 1297},
    }


class Vendors(BaseHTTPRequestHandler):
    """Gemini, ElevenLabs and Deepgram at one address. Each wants its key where it does, and speech waits in its middle."""

    protocol_version = "HTTP/1.1"

    def do_POST(self):
        body = self.rfile.read(int(self.headers["content-length"]))
        url = urlsplit(self.path)
        query = {name: values[0] for name, values in parse_qs(url.query).items()}
        self.server.asked.append((url.path, query, body))
        match url.path.split("/")[1:]:
            case [*_, action] if action.endswith(":generateContent") and self.headers["x-goog-api-key"] == KEY:
                self.answer(drawn(json.loads(body)))
            case ["v1", "text-to-speech", voice, "stream"] if self.headers["xi-api-key"] == KEY:
                self.speak(voice, json.loads(body)["text"])
            case ["v1", "speak"] if self.headers["authorization"] == f"Token {KEY}":
                self.speak(query["model"], json.loads(body)["text"])
            case ["v1", "speech-to-text"] if self.headers["xi-api-key"] == KEY:
                self.answer({"language_code": "eng", "text": HEARD, "words": WORDS, "audio_duration_secs": 3.5})
            case ["v1", "listen"] if self.headers["authorization"] == f"Token {KEY}":
                best = {"transcript": HEARD, "words": WORDS}
                channel = {"detected_language": "en", "alternatives": [best]}
                self.answer({"metadata": {"duration": 3.5}, "results": {"channels": [channel]}})
            case _:
                self.answer({"detail": {"status": "not_found", "message": f"nothing at {url.path}"}}, 404)

    def answer(self, value: dict, status: int = 200):
        body = json.dumps(value).encode()
        self.send_response(status)
        self.send_header("content-type", "application/json")
        self.send_header("content-length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def speak(self, voice: str, text: str):
        self.send_response(200)
        self.send_header("content-type", "audio/mpeg")
        self.send_header("transfer-encoding", "chunked")
        self.end_headers()
        self.chunk(f"ID3 {voice}: ".encode())
        self.server.goes_on.acquire()
        self.chunk(text.encode())
        self.chunk(b"")

    def chunk(self, piece: bytes):
        self.wfile.write(f"{len(piece):x}\r\n".encode() + piece + b"\r\n")
        self.wfile.flush()

    def log_message(self, *_):
        pass


@pytest.fixture(scope="module")
def vendors():
    with ThreadingHTTPServer(("127.0.0.1", 0), Vendors) as server:
        server.asked = []
        server.goes_on = threading.Semaphore(0)
        threading.Thread(target=server.serve_forever, daemon=True).start()
        yield server
        server.shutdown()


@pytest.fixture(scope="module")
def client(vendors, tmp_path_factory):
    """OpenAI's client of a Tollgate before these vendors, as the built-in definitions describe them."""
    base = f"http://127.0.0.1:{vendors.server_port}"
    provider = {"base_url": base, "credentials": [KEY]}
    providers = {"google": {**provider, "base_url": f"{base}/v1beta"}, "elevenlabs": provider, "deepgram": provider}
    with serving(tmp_path_factory.mktemp("vendors"), {"providers": providers}) as gateway:
        with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=gateway.key, max_retries=0) as client:
            yield client


def test_images_are_drawn_by_gemini(client):
    raw = client.images.with_raw_response.generate(
        model="google/gemini-2.5-flash-image", prompt="a lighthouse", size="1536x1024", n=2, quality="high"
    )
    images = raw.parse()
    assert [base64.b64decode(image.b64_json) for image in images.data] == [PNG + b"a lighthouse"] * 2
    assert (images.output_format, images.usage.output_tokens, images.usage.total_tokens) == ("png", 2580, 2594)
    assert raw.headers["x-tollgate-dropped"] == "quality,size"
    # The catalogue has the price of this model.
    assert float(raw.headers["x-tollgate-cost"]) > 0


def test_an_image_is_edited_by_gemini(client, vendors):
    edited = client.images.edit(
        model="google/gemini-2.5-flash-image", prompt="by night", image=[("a.png", PNG, "image/png")]
    )
    assert base64.b64decode(edited.data[0].b64_json) == PNG + b"by night"
    sent = json.loads(vendors.asked[-1][2])["contents"][0]["parts"][0]["inlineData"]
    assert sent == {"mimeType": "image/png", "data": base64.b64encode(PNG).decode()}


def test_an_image_that_is_not_drawn_is_an_error_of_the_library(client):
    with pytest.raises(openai.BadRequestError) as refused:
        client.images.generate(model="google/gemini-2.5-flash-image", prompt="something forbidden")
    assert refused.value.code == "moderation_blocked"
    assert "IMAGE_SAFETY" in refused.value.message


@pytest.mark.parametrize(
    ("model", "voice", "named"),
    [
        ("elevenlabs/eleven_multilingual_v2", "JBFqnCBsd6RMkjVDRZzb", "JBFqnCBsd6RMkjVDRZzb"),
        ("deepgram/aura-2", "thalia", "aura-2-thalia-en"),
        # By a bare name that is the vendor's own.
        ("aura-2", "thalia", "aura-2-thalia-en"),
    ],
)
def test_speech_arrives_while_it_is_made(client, vendors, model, voice, named):
    with client.audio.speech.with_streaming_response.create(model=model, voice=voice, input="Hi!") as spoken:
        assert spoken.headers["content-type"] == "audio/mpeg"
        # Three characters at 30 or 80 dollars for a million.
        assert spoken.headers["x-tollgate-cost"] in ("0.00009", "0.00024")
        pieces = spoken.iter_bytes()
        assert next(pieces) == f"ID3 {named}: ".encode()
        vendors.goes_on.release()
        assert b"".join(pieces) == b"Hi!"


@pytest.mark.parametrize("model", ["elevenlabs/scribe_v2", "deepgram/nova-3"])
def test_a_file_is_transcribed_in_every_form(client, model):
    file = ("hello.wav", b"RIFF", "audio/wav")

    def hear(**more):
        return client.audio.transcriptions.create(model=model, file=file, **more)

    heard = hear(language="en")
    assert (heard.text, heard.usage.type, heard.usage.seconds) == (HEARD, "duration", 3.5)
    verbose = hear(response_format="verbose_json", timestamp_granularities=["word", "segment"])
    assert [segment.text for segment in verbose.segments] == ["Hello.", "Goodbye."]
    assert (verbose.words[1].word, verbose.words[1].start, verbose.duration) == ("Goodbye.", 2.0, 3.5)
    assert hear(response_format="text") == f"{HEARD}\n"
    assert hear(response_format="srt").startswith("1\n00:00:00,250 --> 00:00:01,000\nHello.\n")
    assert hear(response_format="vtt").startswith("WEBVTT\n\n00:00:00.250 --> 00:00:01.000\nHello.\n")


def test_each_vendor_gets_the_file_in_its_own_way(client, vendors):
    client.audio.transcriptions.create(model="deepgram/nova-3", file=("a.wav", b"RIFF", "audio/wav"), language="en")
    path, query, body = vendors.asked[-1]
    assert (path, body) == ("/v1/listen", b"RIFF")
    assert query == {"model": "nova-3", "language": "en", "smart_format": "true"}

    client.audio.transcriptions.create(model="elevenlabs/scribe_v2", file=("a.wav", b"RIFF", "audio/wav"), language="en")
    path, _, body = vendors.asked[-1]
    boundary = body.split(b"\r\n", 1)[0][2:]
    form = message_from_bytes(b"content-type: multipart/form-data; boundary=" + boundary + b"\r\n\r\n" + body)
    fields = {part.get_param("name", header="content-disposition"): part.get_payload() for part in form.get_payload()}
    assert fields == {"file": "RIFF", "model_id": "scribe_v2", "language_code": "en"}


def test_what_no_vendor_can_do_is_an_error_of_the_library(client, vendors):
    asked = len(vendors.asked)
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.transcriptions.create(model="deepgram/nova-3", file=("a.wav", b"RIFF"), stream=True)
    assert refused.value.param == "stream"
    with pytest.raises(openai.BadRequestError) as refused:
        client.audio.speech.create(model="elevenlabs/eleven_v3", voice="v", input="Hi!", response_format="aac")
    assert refused.value.param == "response_format"
    assert len(vendors.asked) == asked
