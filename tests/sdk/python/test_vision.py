"""Images as data URLs, as Anthropic's blocks, and as items of responses. The bytes matter to nobody here but arrive."""

import base64

from scripted import ECHO

# A PNG of one transparent pixel.
PIXEL = base64.b64encode(
    bytes.fromhex(
        "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
        "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
    )
).decode()
DATA_URL = f"data:image/png;base64,{PIXEL}"
ANSWER = "echo: what is this? (1 image)"


def test_chat_takes_an_image(openai_client):
    content = [
        {"type": "text", "text": "what is this?"},
        {"type": "image_url", "image_url": {"url": DATA_URL, "detail": "low"}},
    ]
    completion = openai_client.chat.completions.create(model=ECHO, messages=[{"role": "user", "content": content}])
    assert completion.choices[0].message.content == ANSWER
    assert completion.usage.prompt_tokens > 85


def test_chat_takes_a_large_image(openai_client):
    large = "data:image/png;base64," + "A" * (4 << 20)
    content = [{"type": "text", "text": "what is this?"}, {"type": "image_url", "image_url": {"url": large}}]
    completion = openai_client.chat.completions.create(model=ECHO, messages=[{"role": "user", "content": content}])
    assert completion.choices[0].message.content == ANSWER


def test_responses_take_an_image(openai_client):
    content = [
        {"type": "input_text", "text": "what is this?"},
        {"type": "input_image", "image_url": DATA_URL, "detail": "auto"},
    ]
    response = openai_client.responses.create(model=ECHO, input=[{"role": "user", "content": content}])
    assert response.output_text == ANSWER


def test_messages_take_an_image(anthropic_client):
    content = [
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": PIXEL}},
        {"type": "text", "text": "what is this?"},
    ]
    message = anthropic_client.messages.create(
        model=ECHO, max_tokens=64, messages=[{"role": "user", "content": content}]
    )
    assert message.content[0].text == ANSWER
