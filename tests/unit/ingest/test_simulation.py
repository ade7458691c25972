"""The simulated market: deterministic, causal, consistent bars, and worth a newcomer's first look."""

import numpy as np
import pytest

from libs.common.values import Timeframe
from libs.market.frame import COLUMNS, Frame
from libs.market.indicators import rsi
from services.ingest.core import simulation
from services.ingest.feeds.simulated import BARS_BEFORE, LIVE_START_MS, START_PRICES, SimulatedFeed

SIX = ("ADAUSDT", "BNBUSDT", "BTCUSDT", "ETHUSDT", "SOLUSDT", "XRPUSDT")
FIRST_MS = LIVE_START_MS - 5_000 * 60_000


def bars(symbol: str = "BTCUSDT", count: int = 5_000, seed: int = 7, timeframe: Timeframe = Timeframe.M1) -> Frame:
    start_ms = LIVE_START_MS - 5_000 * timeframe.seconds * 1_000
    return SimulatedFeed(seed, 0).take([symbol], timeframe, start_ms, None, count).frames[symbol]


@pytest.mark.parametrize("timeframe", list(Timeframe))
@pytest.mark.parametrize("symbol", sorted(START_PRICES))
def test_simulated_bars_hold_the_contract_of_a_frame(symbol: str, timeframe: Timeframe) -> None:
    made = bars(symbol, 1_500, timeframe=timeframe)
    checked = Frame.of(made.ts, *(getattr(made, name) for name in COLUMNS))
    assert len(checked) == 1_500
    assert set(np.diff(checked.ts)) == {timeframe.seconds * 1_000}


def test_each_bar_opens_where_the_one_before_closed() -> None:
    made = bars()
    assert (made.open[1:] == made.close[:-1]).all()


def test_a_block_is_the_same_however_it_is_reached() -> None:
    series = simulation.Series(7, "BTCUSDT", Timeframe.M1, 100.0)
    first, after = simulation.next_block(series, simulation.start(series), 0)
    second, _ = simulation.next_block(series, after, 0)
    again, again_after = simulation.next_block(series, simulation.start(series), 0)
    assert (first.data_hash(), after) == (again.data_hash(), again_after)
    assert second.ts[0] == first.ts[-1] + 60_000


def test_another_seed_symbol_or_timeframe_gives_other_bars() -> None:
    close = bars().close / bars().close[0]
    for other in (bars(seed=8), bars("ETHUSDT"), bars(timeframe=Timeframe.M5)):
        assert not np.allclose(close, other.close / other.close[0], rtol=1e-4)


def test_symbols_move_partly_together() -> None:
    returns = [np.diff(np.log(bars(symbol, 30_000).close[::240])) for symbol in SIX]
    correlations = np.corrcoef(returns)[np.triu_indices(len(SIX), 1)]
    assert 0.1 < correlations.mean() < 0.5


def test_prices_stay_plausible_for_months_of_minutes() -> None:
    close = bars(count=100_000).close
    assert 0.5 * close[0] < close.min() < close.max() < 2 * close[0]


def test_volume_follows_the_range_and_the_hour() -> None:
    made = bars(count=20_000)
    spread = np.log(made.high / made.low)
    assert np.corrcoef(spread, made.volume)[0, 1] > 0.3
    hours = (made.ts // 3_600_000) % 24
    assert made.volume[hours == 15].mean() > 1.5 * made.volume[hours == 3].mean()


def test_a_plain_rsi_rule_earns_a_few_percent_on_the_default_market() -> None:
    """What a newcomer sees first: RSI(14), buy below 30, sell above 70, 0.1 % fee and 2 bps slippage a side."""
    results = [_rsi_trades(bars(symbol)) for symbol in SIX]
    assert sum(len(trades) > 30 for trades in results) >= 5
    totals = [float(np.prod(1 + np.array(trades))) - 1 for trades in results]
    assert all(0.05 < total < 0.20 for total in totals)


def _rsi_trades(made: Frame) -> list[float]:
    values = rsi(made.close, 14)
    trades: list[float] = []
    paid: float | None = None
    for place in range(15, len(made) - 1):
        price = float(made.open[place + 1])
        if paid is None and values[place] < 30:
            paid = price * 1.0002 * 1.001
        elif paid is not None and values[place] > 70:
            trades.append(price * 0.9998 * 0.999 / paid - 1)
            paid = None
    return trades


def test_bars_before_the_event_clock_are_bounded() -> None:
    feed = SimulatedFeed(7, 0)
    batch = feed.take(["BTCUSDT"], Timeframe.H1, 0, None, 1)
    assert batch.frames["BTCUSDT"].ts[0] == LIVE_START_MS - BARS_BEFORE * 3_600_000
    assert batch.frames["BTCUSDT"].open[0] == START_PRICES["BTCUSDT"]
