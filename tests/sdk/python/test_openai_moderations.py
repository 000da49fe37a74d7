"""Moderations."""

from scripted import ECHO


def test_a_harmless_text_is_not_flagged(openai_client):
    answer = openai_client.moderations.create(model=ECHO, input="a nice day")
    assert answer.results[0].flagged is False
    assert answer.results[0].category_scores.harassment < 0.5


def test_each_text_of_a_list_has_its_result(openai_client):
    answer = openai_client.moderations.create(model=ECHO, input=["a nice day", "please flag this"])
    assert [result.flagged for result in answer.results] == [False, True]
    assert answer.results[1].categories.harassment is True
