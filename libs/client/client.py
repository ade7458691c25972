"""A typed client of the gateway's public API, for the command line and for programs.

Decides how an answer that is not the thing asked for becomes an error. Bodies are the API's own, as plain JSON values.
"""

from collections.abc import Iterator
from types import TracebackType
from typing import Any, Self
from urllib.parse import quote

import httpx

from libs.client.errors import RefusedByGatewayError, UnreachableError

Body = dict[str, Any]

CONNECT_TIMEOUT_S = 2.0
ANSWER_TIMEOUT_S = 120.0
PAGE = 200

HOLD_S = 30
"""How long the gateway is asked to hold a request that starts heavy work."""


class Client:
    """The gateway at `base_url`. Methods raise RefusedByGatewayError, with the gateway's own code, or UnreachableError."""

    def __init__(self, base_url: str, transport: httpx.BaseTransport | None = None):
        """Open; `transport` replaces the network in tests."""
        self.base_url = base_url
        timeout = httpx.Timeout(ANSWER_TIMEOUT_S, connect=CONNECT_TIMEOUT_S)
        self._http = httpx.Client(base_url=base_url, timeout=timeout, transport=transport, trust_env=False)

    def __enter__(self) -> Self:
        """Return the client."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close it."""
        self._http.close()

    def get(self, path: str, **query: object) -> Body:
        """Return the resource at `path`, below `/api/v1` unless it starts at the root; query: None is left out."""
        return self._call("GET", path, params={name: value for name, value in query.items() if value is not None})

    def post(self, path: str, body: Body, key: str | None = None) -> Body:
        """Return the answer to a creating request; the same key again has no second effect."""
        return self._call("POST", path, json=body, headers={"Idempotency-Key": key} if key else None)

    def put(self, path: str, body: Body) -> Body:
        """Return the answer to a setting request."""
        return self._call("PUT", path, json=body)

    def items(self, path: str, limit: int, **query: object) -> Iterator[Body]:
        """Yield up to `limit` resources of a list, page by page."""
        cursor: str | None = None
        while limit > 0:
            page = self.get(path, limit=min(limit, PAGE), cursor=cursor, **query)
            yield from page["items"]
            limit -= len(page["items"])
            cursor = page["next_cursor"]
            if cursor is None:
                return

    def submit(self, definition: Body) -> Body:
        """Submit a strategy; returns what strategy_gen answered."""
        return self.post("/strategies", definition)

    def promote(self, strategy_id: str, wish: Body) -> Body:
        """Promote a strategy to a stage."""
        return self.post(f"/strategies/{strategy_id}/promote", wish)

    def retire(self, strategy_id: str, reason: str) -> Body:
        """Stop running a strategy."""
        return self.post(f"/strategies/{strategy_id}/retire", {"reason": reason})

    def backtest(self, wish: Body) -> Body:
        """Run a backtest, wait for it, and return its summary as the API shows it."""
        done = self.post("/backtests", wish)
        return self.get(f"/backtests/{done['id']}")

    def start(self, path: str, wish: Body, key: str) -> Body:
        """Start heavy work and return its job, as it is now or with its result."""
        headers = {"Idempotency-Key": key, "Prefer": f"wait={HOLD_S}"}
        return self._call("POST", path, json=wish, headers=headers)

    def cancel(self, job_id: str) -> Body:
        """Stop a job."""
        return self._call("DELETE", f"/jobs/{quote(job_id, safe='')}")

    def generate(self, wish: Body, key: str | None = None) -> Body:
        """Start turning a sentence into strategies and return the job; what is not understood is an error with its phrases."""
        return self.post("/strategies/generate", wish, key)

    def search(self, wish: Body) -> Body:
        """Return the passages of the knowledge base nearest to a question."""
        return self.post("/knowledge/search", wish)

    def import_bars(self, wish: Body, key: str | None = None) -> Body:
        """Import bars from a file the ingest service can read; returns its report."""
        return self.post("/market/imports", wish, key)

    def import_fundamentals(self, wish: Body, key: str | None = None) -> Body:
        """Import company figures from a file the ingest service can read; returns its report."""
        return self.post("/fundamentals", wish, key)

    def define_universe(self, name: str, symbols: list[str]) -> Body:
        """Let a name stand for a list of symbols."""
        return self.post("/universes", {"name": name, "symbols": symbols})

    def remove_universe(self, name: str) -> Body:
        """Forget a named list of symbols."""
        return self._call("DELETE", f"/universes/{quote(name, safe='')}")

    def watch(self, wish: Body) -> Body:
        """Play bars of symbols onto the bus; returns what ingest answered."""
        return self.post("/market/watches", wish)

    def unwatch(self, watch_id: str) -> Body:
        """Stop a watch."""
        return self._call("DELETE", f"/market/watches/{quote(watch_id, safe='')}")

    def portfolio(self, account: str) -> Body:
        """Return the books of an account."""
        return self.get("/portfolio", account=account)

    def lineage(self, kind: str, identity: str) -> Body:
        """Return the tree of causes of a fact."""
        return self.get(f"/lineage/{kind}/{identity}")

    def services(self) -> Body:
        """Return the pulse of every service."""
        return self.get("/system/services")

    def _call(self, method: str, path: str, **more: Any) -> Body:
        try:
            response = self._http.request(method, f"/api/v1{path}", **more)
        except httpx.TimeoutException:
            raise RefusedByGatewayError(
                f"no answer to {method} {path} within {ANSWER_TIMEOUT_S:g} s",
                code="timeout",
                hint="the work goes on; look later",
            ) from None
        except httpx.TransportError:
            raise UnreachableError("the gateway", self.base_url) from None
        if response.is_success:
            return dict(response.json())
        raise _refusal(response)


def _refusal(response: httpx.Response) -> RefusedByGatewayError:
    try:
        problem = response.json()
        detail, code = str(problem["detail"]), str(problem["code"])
    except (ValueError, KeyError, TypeError):
        return RefusedByGatewayError(
            f"HTTP {response.status_code} without a problem document", code="client.not_a_gateway"
        )
    places = problem.get("errors") or [{}]
    words = {"pointer": places[0].get("pointer"), "hint": problem.get("hint")}
    return RefusedByGatewayError(detail, code=code, **words, diagnostics=problem.get("diagnostics") or ())
