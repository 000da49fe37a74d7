"""The list of models in the shape of each client."""

import openai
import pytest
from scripted import ECHO


def test_the_list_has_what_the_key_may_use(openai_client):
    names = {entry.id for entry in openai_client.models.list()}
    assert {ECHO, "scripted/fail-503", "echo"} <= names


def test_each_listed_model_can_be_retrieved(openai_client):
    for listed in openai_client.models.list():
        assert openai_client.models.retrieve(listed.id).to_dict() == listed.to_dict()


def test_a_model_says_who_owns_it(openai_client):
    entry = openai_client.models.retrieve(ECHO)
    assert (entry.id, entry.object, entry.owned_by) == (ECHO, "model", "scripted")


def test_an_unknown_model_is_not_found(openai_client):
    with pytest.raises(openai.NotFoundError, match="did you mean `echo`"):
        openai_client.models.retrieve("ecko")


def test_anthropics_client_sees_the_same_models_in_its_own_shape(openai_client, anthropic_client):
    listed = list(anthropic_client.models.list(limit=1000))
    assert {entry.type for entry in listed} == {"model"}
    assert [entry.id for entry in listed] == [entry.id for entry in openai_client.models.list()]
    assert anthropic_client.models.retrieve(ECHO).id == ECHO
