"""The HTTP client models are reached by: metered, bounded, without redirects, and tried again where the provider asks for it.

Imported only when a model is called: httpx2, tenacity and pydantic-ai take half a second.
"""

import asyncio
import ssl
from dataclasses import dataclass
from functools import cache

import httpx2
from pydantic_ai.retries import AsyncHTTPX2TenacityTransport, RetryConfig, wait_retry_after
from tenacity import RetryCallState, retry_if_exception_type, wait_exponential

from libs.common.errors import SentinelError
from services.strategy_gen.llm.meter import MAX_ANSWER_BYTES, Meter
from services.strategy_gen.llm.retries import Retries

_AGAIN = (429, 500, 502, 503, 504, 529)
_FAR = 86_400.0
_NEVER_SENT = (httpx2.ConnectError, httpx2.ConnectTimeout, httpx2.PoolTimeout)


def client(meter: Meter, timeout_s: float, retries: Retries) -> httpx2.AsyncClient:
    """Return a client whose every request, each try of a retried one included, is metered; close it after use."""
    metered = Metered(meter, timeout_s, httpx2.AsyncHTTPTransport(verify=_trusted(), trust_env=False))
    return httpx2.AsyncClient(
        transport=AsyncHTTPX2TenacityTransport(_config(retries), metered, _raise_for_again),
        timeout=httpx2.Timeout(timeout_s, connect=min(10.0, timeout_s)),
        follow_redirects=False,
        trust_env=False,
    )


@cache
def _trusted() -> ssl.SSLContext:
    """Return the certificates to trust; reading them takes 20 ms, once a process."""
    return httpx2.create_ssl_context()


@dataclass
class Metered(httpx2.AsyncBaseTransport):
    """Reserves, sends, reads the whole answer within time and size, books."""

    meter: Meter
    timeout_s: float
    wrapped: httpx2.AsyncBaseTransport

    async def handle_async_request(self, request: httpx2.Request) -> httpx2.Response:
        """Return the answer, read to its end. Raises a transport error; `meter.fault` says it where it was our own doing."""
        try:
            return await self._exchange(request)
        except SentinelError as error:
            # The vendors' libraries would wrap or retry what they do not know; a broken connection they pass on.
            self.meter.fault = error
            raise httpx2.ReadError(error.code, request=request) from error

    async def _exchange(self, request: httpx2.Request) -> httpx2.Response:
        # Unpacked, an answer could be a thousand times as long as what was read.
        request.headers["accept-encoding"] = "identity"
        call = await self.meter.reserve(len(await request.aread()))
        try:
            async with asyncio.timeout(self.timeout_s):
                response = await self.wrapped.handle_async_request(request)
                text = await _read(response)
        except (TimeoutError, httpx2.TimeoutException) as error:
            await self.meter.failed(call, "timeout", sent=not isinstance(error, _NEVER_SENT))
            raise httpx2.ReadTimeout("no whole answer in time", request=request) from error
        except httpx2.TransportError as error:
            await self.meter.failed(call, "broken", sent=not isinstance(error, _NEVER_SENT))
            raise
        await self.meter.answered(call, response.status_code, text)
        return httpx2.Response(response.status_code, headers=response.headers, content=text, request=request)

    async def aclose(self) -> None:
        """Close the connections."""
        await self.wrapped.aclose()


async def _read(response: httpx2.Response) -> bytes | None:
    """Return the bytes of an answer, None as soon as there are too many."""
    parts, size = [], 0
    try:
        async for part in response.aiter_raw():
            size += len(part)
            if size > MAX_ANSWER_BYTES:
                return None
            parts.append(part)
    finally:
        await response.aclose()
    return b"".join(parts)


def _config(retries: Retries) -> RetryConfig:
    wait = wait_retry_after(wait_exponential(multiplier=retries.first_wait_s, max=retries.max_wait_s), max_wait=_FAR)

    def stop(state: RetryCallState) -> bool:
        # A provider that wants a longer wait than we will take is not asked again before its time.
        return state.attempt_number >= retries.attempts or state.upcoming_sleep > retries.max_wait_s

    return RetryConfig(
        retry=retry_if_exception_type(httpx2.HTTPStatusError),
        wait=wait,
        stop=stop,
        sleep=retries.sleep,
        retry_error_callback=_last_answer,
    )


def _last_answer(state: RetryCallState) -> httpx2.Response:
    error = state.outcome.exception() if state.outcome else None
    if not isinstance(error, httpx2.HTTPStatusError):
        raise TypeError("only answers are tried again")
    return error.response


def _raise_for_again(response: httpx2.Response) -> None:
    if response.status_code in _AGAIN:
        raise httpx2.HTTPStatusError("again", request=response.request, response=response)
