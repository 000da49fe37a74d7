"""JSON web tokens in place of keys: a client sends one as its API key, and sees why it was refused."""

import base64
import json
import time

import anthropic
import openai
import pytest
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from gateway import serving
from scripted import ECHO

ISSUER = {
    "name": "corp",
    "issuer": "https://login.example.com/",
    "audiences": ["tollgate"],
    "jwks_file": "issuer.json",
    "rules": [{"when": {"groups": ["ml-*"]}, "user": "${email}", "may": {"models": ["scripted/*"]}}],
}
QUESTION = [{"role": "user", "content": "hello"}]


def encoded(data: bytes) -> str:
    return base64.urlsafe_b64encode(data).rstrip(b"=").decode()


@pytest.fixture(scope="module")
def private():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


@pytest.fixture(scope="module")
def gateway(tmp_path_factory, private):
    folder = tmp_path_factory.mktemp("tokens")
    numbers = private.public_key().public_numbers()
    key = {
        "kty": "RSA",
        "kid": "k1",
        "n": encoded(numbers.n.to_bytes(256, "big")),
        "e": encoded(numbers.e.to_bytes(3, "big")),
    }
    (folder / "issuer.json").write_text(json.dumps({"keys": [key]}))
    with serving(folder, {"token_issuers": [ISSUER]}) as gateway:
        yield gateway


def token(private, **changes) -> str:
    claims = {
        "iss": ISSUER["issuer"],
        "aud": "tollgate",
        "sub": "ada",
        "email": "ada@example.com",
        "groups": ["staff", "ml-vision"],
        "exp": int(time.time()) + 60,
        **changes,
    }
    parts = ({"alg": "RS256", "kid": "k1", "typ": "JWT"}, claims)
    signed = ".".join(encoded(json.dumps(part).encode()) for part in parts)
    signature = private.sign(signed.encode(), padding.PKCS1v15(), hashes.SHA256())
    return f"{signed}.{encoded(signature)}"


def test_openai_sends_a_token_as_its_key(gateway, private):
    with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=token(private), max_retries=0) as client:
        answer = client.chat.completions.create(model=ECHO, messages=QUESTION)
        assert answer.choices[0].message.content == "echo: hello"
        with client.chat.completions.create(model=ECHO, messages=QUESTION, stream=True) as stream:
            told = [chunk.choices[0].delta.content for chunk in stream if chunk.choices]
    assert "".join(text for text in told if text) == "echo: hello"


def test_anthropic_sends_a_token_as_its_key(gateway, private):
    for way in ({"api_key": token(private)}, {"auth_token": token(private)}):
        with anthropic.Anthropic(base_url=gateway.url, max_retries=0, **way) as client:
            answer = client.messages.create(model=ECHO, max_tokens=99, messages=QUESTION)
        assert answer.content[0].text == "echo: hello"


def test_openai_is_told_why_a_token_is_refused(gateway, private):
    for changes, error, code in (
        ({"exp": 1}, openai.AuthenticationError, "TG2034"),
        ({"aud": "another"}, openai.AuthenticationError, "TG2034"),
        ({"groups": ["guests"]}, openai.PermissionDeniedError, "TG2035"),
        ({"email": None}, openai.PermissionDeniedError, "TG2036"),
    ):
        with openai.OpenAI(base_url=f"{gateway.url}/v1", api_key=token(private, **changes), max_retries=0) as client:
            with pytest.raises(error) as refused:
                client.chat.completions.create(model=ECHO, messages=QUESTION)
        assert refused.value.code == code
