"""The tape: every decision and fill as one line for the person in front of `sentinel up`.

A view of the bus and nothing else: it stores nothing, acknowledges nothing and may miss what happens while the bus is away.
"""

from collections.abc import Awaitable, Callable

from nats.aio.client import Client
from nats.aio.msg import Msg

from libs.common.errors import BadMessageError
from libs.common.events import DecisionMade, OrderFilled


def decision_line(decision: DecisionMade) -> str:
    """Return a decision in words."""
    return f"{_mark(decision.simulated)}decision  {decision.reason}"


def fill_line(fill: OrderFilled) -> str:
    """Return a fill in words: quantity, price, fee, and what a sale earned."""
    earned = "" if fill.realized_pnl is None else f", earned {fill.realized_pnl:.2f} after fees"
    return (
        f"{_mark(fill.simulated)}fill      {fill.side} {fill.quantity.normalize():f} {fill.symbol} at {fill.price:g}, "
        f"fee {fill.fee:.2f} {fill.fee_asset}{earned} ({fill.venue} venue, bar {fill.at:%Y-%m-%d %H:%M})"
    )


async def follow(client: Client, say: Callable[[str], None]) -> None:
    """Call `say` with a line for every decision and fill from now on; returns once subscribed."""
    await client.subscribe(DecisionMade.wildcard(), cb=_shown(say, lambda m: decision_line(DecisionMade.parse(*m))))
    await client.subscribe(OrderFilled.wildcard(), cb=_shown(say, lambda m: fill_line(OrderFilled.parse(*m))))


def _shown(say: Callable[[str], None], told: Callable[[tuple[bytes, str]], str]) -> Callable[[Msg], Awaitable[None]]:
    async def received(message: Msg) -> None:
        try:
            say(told((message.data, message.subject)))
        except BadMessageError:  # what does not belong on the subject is buried by those who act on it
            return

    return received


def _mark(simulated: bool) -> str:
    return "SIMULATED " if simulated else ""
