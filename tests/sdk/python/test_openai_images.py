"""Images: generated, edited and varied, whole and streamed."""

import base64

import openai
import pytest

from scripted import ECHO

PNG = b"\x89PNG\r\n\x1a\n"


def test_an_image_is_generated(openai_client):
    drawn = openai_client.images.generate(model=ECHO, prompt="a cat", n=2, size="1024x1024")
    assert len(drawn.data) == 2
    assert drawn.data[0].revised_prompt == "echo: a cat"
    assert base64.b64decode(drawn.data[0].b64_json).startswith(PNG)
    assert drawn.usage.input_tokens_details.text_tokens == 2
    assert drawn.usage.output_tokens == 544


def test_a_streamed_image_comes_in_parts(openai_client):
    stream = openai_client.images.generate(model=ECHO, prompt="a cat", stream=True, partial_images=2)
    events = list(stream)
    assert [event.type for event in events] == [
        "image_generation.partial_image",
        "image_generation.partial_image",
        "image_generation.completed",
    ]
    assert events[1].partial_image_index == 1
    assert events[2].usage.total_tokens == 274


def test_images_are_edited(openai_client):
    picture = ("cat.png", PNG, "image/png")
    edited = openai_client.images.edit(model=ECHO, image=picture, prompt="a hat")
    assert edited.data[0].revised_prompt == "echo: a hat (1 image)"
    several = openai_client.images.edit(model=ECHO, image=[picture, picture], mask=picture, prompt="a hat")
    assert several.data[0].revised_prompt == "echo: a hat (2 images, masked)"


def test_an_edit_is_streamed(openai_client):
    stream = openai_client.images.edit(
        model=ECHO, image=("cat.png", PNG, "image/png"), prompt="a hat", stream=True, partial_images=1
    )
    assert [event.type for event in stream] == ["image_edit.partial_image", "image_edit.completed"]


def test_an_image_is_varied(openai_client):
    # The library says that OpenAI gives it up; others have it still.
    with pytest.warns(DeprecationWarning):
        varied = openai_client.images.create_variation(model=ECHO, image=("cat.png", PNG, "image/png"))
    assert varied.data[0].revised_prompt == "echo: cat.png varied"


def test_errors_are_those_of_the_library(openai_client):
    with pytest.raises(openai.BadRequestError) as refused:
        openai_client.images.generate(model=ECHO, prompt="a cat", n=11)
    assert refused.value.param == "n"
    with pytest.raises(openai.NotFoundError):
        openai_client.images.edit(model="nobody/knows", image=("cat.png", PNG, "image/png"), prompt="a hat")
