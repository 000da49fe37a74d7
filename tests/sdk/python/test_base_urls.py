"""Every base URL that a client may have been given: with and without version, and the drop-in prefixes."""

import anthropic
import openai
import pytest
from scripted import ECHO, ask, echo_of


@pytest.mark.parametrize("base", ["/v1", "/v1/", "", "/openai/v1", "/openai"])
def test_openais_client_works_under_every_base_url(url, key, base):
    with openai.OpenAI(base_url=url + base, api_key=key, max_retries=0) as client:
        completion = client.chat.completions.create(model=ECHO, messages=ask("hi"))
        assert completion.choices[0].message.content == echo_of("hi")
        made = client.responses.create(model=ECHO, input="hi")
        assert client.responses.retrieve(made.id).output_text == echo_of("hi")
        assert ECHO in {entry.id for entry in client.models.list()}


@pytest.mark.parametrize("base", ["", "/", "/anthropic"])
def test_anthropics_client_works_under_every_base_url(url, key, base):
    with anthropic.Anthropic(base_url=url + base, api_key=key, max_retries=0) as client:
        message = client.messages.create(model=ECHO, max_tokens=64, messages=ask("hi"))
        assert message.content[0].text == echo_of("hi")
        assert ECHO in {entry.id for entry in client.models.list(limit=1000)}


@pytest.mark.parametrize("base", ["/v1", "/openai/v1"])
def test_errors_have_openais_shape_under_its_base_urls(url, base):
    with openai.OpenAI(base_url=url + base, api_key="wrong", max_retries=0) as client:
        with pytest.raises(openai.AuthenticationError) as caught:
            client.models.list()
    assert caught.value.code == "TG2002"


@pytest.mark.parametrize("base", ["", "/anthropic"])
def test_errors_have_anthropics_shape_under_its_base_urls(url, base):
    with anthropic.Anthropic(base_url=url + base, api_key="wrong", max_retries=0) as client:
        with pytest.raises(anthropic.AuthenticationError) as caught:
            client.models.list()
    assert caught.value.type == "authentication_error"


def test_anthropics_client_may_send_the_key_as_a_bearer_token(url, key):
    with anthropic.Anthropic(base_url=url, auth_token=key, max_retries=0) as client:
        message = client.messages.create(model=ECHO, max_tokens=64, messages=ask("hi"))
    assert message.content[0].text == echo_of("hi")


def test_a_key_in_tollgates_own_header_leaves_the_clients_to_other_uses(url, key):
    headers = {"x-tollgate-api-key": key}
    with openai.OpenAI(base_url=f"{url}/v1", api_key="other", default_headers=headers, max_retries=0) as client:
        assert client.chat.completions.create(model=ECHO, messages=ask("hi")).choices
