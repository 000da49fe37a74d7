"""What the built-in scripted provider answers, said once: it echoes, and its model names choose how it behaves."""

ECHO = "scripted/echo"


def model(behaviour: str) -> str:
    """The model that behaves so."""
    return f"scripted/{behaviour}"


def echo_of(text: str) -> str:
    """Its reply to a user's last message."""
    return f"echo: {text}"


def ask(text: str) -> list[dict]:
    """One message of a user, in OpenAI's form and in Anthropic's."""
    return [{"role": "user", "content": text}]


def fingerprint_id(beginning: str, path: str, body: bytes) -> str:
    """The id it gives to the answer of a request: FNV-1a (64 bits) of the path and of the body, byte for byte.

    So the id of an answer tells which bytes reached the provider.
    """
    number = 0xCBF29CE484222325
    for byte in path.encode() + body:
        number = ((number ^ byte) * 0x100000001B3) & 0xFFFFFFFFFFFFFFFF
    return f"{beginning}{number:016x}0000"
