"""Where the models are, and which addresses an operator may give: https anywhere, plain http only where it cannot leave the own network."""

from ipaddress import ip_address
from urllib.parse import urlsplit

VENDORS = {
    "google": "https://generativelanguage.googleapis.com",
    "openai": "https://api.openai.com/v1",
    "anthropic": "https://api.anthropic.com",
}
"""Providers that bill by the token, and need a key."""

LOCAL = {
    "ollama": "http://127.0.0.1:11434/v1",
    "vllm": "http://127.0.0.1:8000/v1",
    "lmstudio": "http://127.0.0.1:1234/v1",
    "openai-compatible": None,
}
"""Programs that speak OpenAI's chat protocol, with the address they have when nothing is configured."""

_OWN_NETWORK = (".localhost", ".local", ".internal", ".lan")


def checked(url: str) -> str:
    """Return an operator's base URL without a slash at its end.

    Raises ValueError: another scheme, a user or password, a query or fragment in it, or http to a host that is neither loopback, a private address
    nor a name that only an own network knows (without a dot, or ending in .local, .internal, .lan, .localhost).
    """
    parts = urlsplit(url.strip())
    if parts.scheme not in ("http", "https") or not parts.hostname:
        raise ValueError("a model's address is a URL like https://host/v1")
    if parts.username is not None or parts.password is not None:
        raise ValueError("a model's address holds no user or password; a key goes into SENTINEL_LLM_KEY")
    if parts.query or parts.fragment:
        raise ValueError("a model's address has no query and no fragment")
    if parts.scheme == "http" and not _is_own(parts.hostname):
        raise ValueError("plain http is for loopback and private addresses; use https")
    return url.strip().rstrip("/")


def _is_own(host: str) -> bool:
    try:
        address = ip_address(host)
    except ValueError:
        return "." not in host or host.endswith(_OWN_NETWORK)
    return address.is_loopback or (address.is_private and not address.is_unspecified)
