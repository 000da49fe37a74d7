"""The vendors' clients, each asked for the same things in its own words."""

from . import amazon, anthropic, cohere, gemini, openai_chat, openai_responses
from .speaker import Refused, Speaker

# By the format that each speaks, in the order of the matrix.
SPEAKERS = {
    "chat": openai_chat.Chat,
    "responses": openai_responses.Responses,
    "messages": anthropic.Messages,
    "gemini": gemini.Gemini,
    "converse": amazon.Converse,
    "cohere": cohere.Cohere,
}

__all__ = ["SPEAKERS", "Refused", "Speaker"]
