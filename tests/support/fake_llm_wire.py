"""How each provider's protocol words an answer and an error: what a fake needs of them."""

import json
from dataclasses import dataclass
from typing import Any, Literal

Tokens = tuple[int, int] | None


@dataclass(frozen=True)
class Protocol:
    """One of the protocols. Ollama's is OpenAI's."""

    name: Literal["google", "openai", "anthropic"]

    def error(self, status: int, message: str) -> bytes:
        if self.name == "google":
            return _bytes({"error": {"code": status, "message": message, "status": _GOOGLE.get(status, "UNKNOWN")}})
        if self.name == "anthropic":
            kind = _ANTHROPIC.get(status, "api_error")
            return _bytes({"type": "error", "error": {"type": kind, "message": message}})
        return _bytes({"error": {"message": message, "type": "error", "code": None}})


_GOOGLE = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    500: "INTERNAL",
    503: "UNAVAILABLE",
}
_ANTHROPIC = {
    400: "invalid_request_error",
    401: "authentication_error",
    402: "billing_error",
    404: "not_found_error",
    429: "rate_limit_error",
    529: "overloaded_error",
}


def protocol_of(path: str) -> Protocol:
    if ":generateContent" in path:
        return Protocol("google")
    return Protocol("anthropic" if "/messages" in path else "openai")


def spoken(
    protocol: Protocol,
    body: dict[str, Any],
    path: str,
    *,
    arguments: str | None = None,
    text: str = "",
    tokens: Tokens = None,
    refused: bool = False,
    cut_off: bool = False,
) -> bytes:
    """Return an answer's bytes. arguments: JSON text of a structured answer; without it, `text` is said."""
    if protocol.name == "google":
        return _google(body, path, arguments, text, tokens, refused, cut_off)
    if protocol.name == "anthropic":
        return _anthropic(body, arguments, text, tokens, refused, cut_off)
    return _openai(body, arguments, text, tokens, refused, cut_off)


def _google(
    body: dict[str, Any], path: str, arguments: str | None, text: str, tokens: Tokens, refused: bool, cut_off: bool
) -> bytes:
    model = path.rsplit("/", 1)[-1].split(":")[0]
    part: dict[str, Any] = {"text": text}
    if arguments is not None:
        tool = body["tools"][0]["functionDeclarations"][0]["name"]
        # Gemini sends arguments as an object, so broken JSON in them breaks the whole answer.
        part = {"functionCall": {"name": tool, "args": "@"}}
    reason = "SAFETY" if refused else "MAX_TOKENS" if cut_off else "STOP"
    candidate = {"content": {"role": "model", "parts": [] if refused else [part]}, "finishReason": reason, "index": 0}
    said: dict[str, Any] = {"candidates": [candidate], "modelVersion": model, "responseId": "r"}
    if tokens:
        said["usageMetadata"] = {
            "promptTokenCount": tokens[0],
            "candidatesTokenCount": tokens[1],
            "totalTokenCount": sum(tokens),
        }
    return _bytes(said).replace(b'"@"', arguments.encode()) if arguments is not None else _bytes(said)


def _openai(
    body: dict[str, Any], arguments: str | None, text: str, tokens: Tokens, refused: bool, cut_off: bool
) -> bytes:
    message: dict[str, Any] = {"role": "assistant", "content": text or None}
    reason = "content_filter" if refused else "length" if cut_off else "stop"
    if refused:
        message |= {"content": None, "refusal": "I cannot help with that."}
    elif arguments is not None and body.get("tools"):
        call = {"name": body["tools"][0]["function"]["name"], "arguments": arguments}
        message["tool_calls"] = [{"id": "call_1", "type": "function", "function": call}]
        reason = "length" if cut_off else "tool_calls"
    elif arguments is not None:
        message["content"] = arguments
    said: dict[str, Any] = {
        "id": "c",
        "object": "chat.completion",
        "created": 1_700_000_000,
        "model": body["model"],
        "choices": [{"index": 0, "message": message, "finish_reason": reason}],
    }
    if tokens:
        said["usage"] = {"prompt_tokens": tokens[0], "completion_tokens": tokens[1], "total_tokens": sum(tokens)}
    return _bytes(said)


def _anthropic(
    body: dict[str, Any], arguments: str | None, text: str, tokens: Tokens, refused: bool, cut_off: bool
) -> bytes:
    block: dict[str, Any] = {"type": "text", "text": text}
    reason = "refusal" if refused else "max_tokens" if cut_off else "end_turn"
    if arguments is not None:
        block = {"type": "tool_use", "id": "toolu_1", "name": body["tools"][0]["name"], "input": "@"}
        reason = "max_tokens" if cut_off else "tool_use"
    said: dict[str, Any] = {
        "id": "m",
        "type": "message",
        "role": "assistant",
        "model": body["model"],
        "content": [] if refused else [block],
        "stop_reason": reason,
        "stop_sequence": None,
    }
    if tokens:
        said["usage"] = {"input_tokens": tokens[0], "output_tokens": tokens[1]}
    return _bytes(said).replace(b'"@"', arguments.encode()) if arguments is not None else _bytes(said)


def _bytes(value: object) -> bytes:
    return json.dumps(value).encode()
