"""What every client is asked for."""

from abc import ABC, abstractmethod
from collections.abc import Iterator
from dataclasses import dataclass

# A PNG of one transparent pixel.
PIXEL = bytes.fromhex(
    "89504e470d0a1a0a0000000d49484452000000010000000108060000001f15c489"
    "0000000d49444154789c6360606060000000050001a5f645400000000049454e44ae426082"
)
SCHEMA = {
    "type": "object",
    "properties": {"city": {"type": "string"}, "days": {"type": "integer"}},
    "required": ["city", "days"],
    "additionalProperties": False,
}
TOOL = "weather"
TOOL_TEXT = "The weather of the coming days."
RESULT = "sunny"
# Enough for an answer and a thought.
TOKENS_MAX = 4096
THINKING_TOKENS = 1024


@dataclass
class Call:
    """A tool that was called, and what it answered when its result was given back."""

    name: str
    arguments: dict
    answer: str


@dataclass
class Thought:
    """What was thought, whether it is proven or sealed, and what was said then."""

    thinking: str
    text: str


@dataclass
class Refused(Exception):
    """The client's own exception, by its status."""

    status: int


class Speaker(ABC):
    """A vendor's client, as a user makes it: with a base URL and a key."""

    # The format that it speaks, by its name in the matrix.
    format: str

    @abstractmethod
    def say(self, model: str, text: str) -> str:
        """The whole answer to a text, with an instruction before it. Fails with `Refused`."""

    @abstractmethod
    def stream(self, model: str, text: str) -> Iterator[str]:
        """The pieces of the answer as they come. Closing it leaves the stream."""

    @abstractmethod
    def call(self, model: str, text: str) -> Call:
        """Two turns: the tool that is called, and the answer to its result."""

    @abstractmethod
    def fill(self, model: str, text: str) -> dict:
        """An answer that fits the schema."""

    @abstractmethod
    def look(self, model: str, text: str) -> str:
        """The answer to a text with a picture."""

    @abstractmethod
    def think(self, model: str, text: str) -> Thought:
        """What is thought before the answer is said."""

    @abstractmethod
    def close(self) -> None:
        """Closes its connections."""
