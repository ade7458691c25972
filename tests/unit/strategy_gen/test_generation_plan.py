"""From a request to a plan: who writes, for which symbols and bars, and what is refused before a line is written."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from libs.common.errors import BadInputError, PermanentError
from libs.common.generation import GenerateStrategy
from services.strategy_gen.generation.plan import plan_of
from services.strategy_gen.generation.stock import Stock
from services.strategy_gen.generation.values import Plan
from tests.support.generation import generate, stored


@dataclass(frozen=True)
class Sentence:
    timeframe: str | None = None


@dataclass(frozen=True)
class Read:
    """What a compiler says of a text; `needs` is the bar length its units ask for."""

    symbols: tuple[str, ...] = ()
    timeframe: str | None = None
    purpose: str = "trade"
    sentence: Sentence = Sentence()
    kind: str = "python.signals"
    code: str = "code"
    name: str = ""
    in_words: str = "in words"
    assumptions: tuple[Any, ...] = ()

    def __call__(self, text: str, **options: Any) -> "Read":
        return self


def puzzled(text: str, **options: Any) -> Any:
    raise BadInputError("`frobnicate` is not understood", code="prompt.not_understood", pointer="/text")


def planned(
    tmp_path: Path, read: Any = Read(), command: GenerateStrategy | None = None, *, model: bool = False
) -> Plan:
    stock = Stock(tmp_path / "catalog", tmp_path / "universes")
    return plan_of(command or generate(), stock, read, has_model=model)


def refusal(*args: Any, **more: Any) -> PermanentError:
    with pytest.raises(PermanentError) as caught:
        planned(*args, **more)
    return caught.value


def test_symbols_of_the_request_come_before_those_of_the_universe_and_of_the_stock(tmp_path: Path) -> None:
    stored(tmp_path, ("AAPL", "MSFT"))
    assert planned(tmp_path, command=generate(symbols=["msft"])).symbols == ("MSFT",)
    assert planned(tmp_path, Read(("AAPL",))).symbols == ("AAPL",)
    assert planned(tmp_path, command=generate(universe="all")).symbols == ("AAPL", "MSFT")
    assert planned(tmp_path, Read(purpose="screen")).symbols == ("AAPL", "MSFT")


def test_text_without_any_symbol_is_refused_with_what_to_add(tmp_path: Path) -> None:
    stored(tmp_path)
    error = refusal(tmp_path)
    assert (error.code, error.pointer) == ("prompt.no_symbol", "/symbols")
    assert "on BTCUSDT" in str(error.hint)
    assert refusal(tmp_path / "empty", Read(purpose="alert")).code == "prompt.no_symbol"


def test_bare_asset_stands_for_the_only_stored_market_of_it(tmp_path: Path) -> None:
    stored(tmp_path, ("BTCUSDT", "ETHUSDT", "ETHUSDC"))
    assert planned(tmp_path, Read(("BTC",))).symbols == ("BTCUSDT",)
    plan = planned(tmp_path, Read(("ETH",)))
    assert plan.symbols == ("ETH",)
    assert "no 1h bars of ETH" in plan.warnings[0]


@pytest.mark.parametrize(
    ("command", "read", "pointer", "code"),
    [
        (generate(timeframe="soon"), Read(("BTCUSDT",)), "/timeframe", "input.timeframe"),
        (generate(symbols=["BTCUSDT", "€"]), Read(), "/symbols/1", "input.symbol"),
        (generate(symbols=["BTCUSDT"], universe="all"), Read(), "/symbols", "prompt.two_universes"),
        (generate(symbols=["ETHUSDT"]), Read(("BTCUSDT",)), "/symbols", "prompt.two_symbols"),
        (generate(universe="nobody"), Read(), "/universe", "universe.unknown"),
        (generate(engine="llm"), Read(("BTCUSDT",)), "/engine", "model.none"),
        (generate(), puzzled, "/text", "prompt.not_understood"),
        (generate(engine="offline"), puzzled, "/text", "prompt.not_understood"),
    ],
)
def test_request_that_cannot_be_done_is_refused_with_its_place(
    tmp_path: Path, command: GenerateStrategy, read: Any, pointer: str, code: str
) -> None:
    stored(tmp_path)
    error = refusal(tmp_path, read, command)
    assert (error.pointer, error.code) == (pointer, code)


def test_offline_is_refused_although_a_model_could_read_it(tmp_path: Path) -> None:
    assert refusal(tmp_path, puzzled, generate(engine="offline"), model=True).pointer == "/text"


def short(text: str, **options: Any) -> Any:
    raise BadInputError("`short` is not done", code="prompt.short", pointer="/text")


@pytest.mark.parametrize("engine", ["auto", "llm"])
def test_text_that_is_understood_and_cannot_be_done_is_no_work_for_a_model(tmp_path: Path, engine: Any) -> None:
    stored(tmp_path)
    assert refusal(tmp_path, short, generate(engine=engine), model=True).code == "prompt.short"


@pytest.mark.parametrize(
    ("kept", "read", "asked", "expected"),
    [
        (("1h", "1d"), Read(("BTCUSDT",)), None, "1h"),
        (("1d",), Read(("BTCUSDT",)), None, "1d"),
        (("1h", "1d"), Read(("BTCUSDT",), "1d"), None, "1d"),
        (("1h",), Read(("BTCUSDT",), "1d"), None, "1h"),
        ((), Read(("BTCUSDT",), "1d"), None, "1d"),
        (("1h",), Read(("BTCUSDT",), "15m", sentence=Sentence("15m")), None, "15m"),
        (("1h", "1d"), Read(("BTCUSDT",)), "4h", "4h"),
    ],
)
def test_bar_length_is_the_one_named_else_the_unit_s_else_the_stored_one(
    tmp_path: Path, kept: tuple[str, ...], read: Read, asked: str | None, expected: str
) -> None:
    for timeframe in kept:
        stored(tmp_path, timeframe=timeframe)
    assert planned(tmp_path, read, generate(timeframe=asked)).timeframe == expected


def test_several_stored_bar_lengths_without_1h_are_refused_by_name(tmp_path: Path) -> None:
    for timeframe in ("15m", "1d"):
        stored(tmp_path, timeframe=timeframe)
    error = refusal(tmp_path, Read(("BTCUSDT",)))
    assert (error.code, error.pointer) == ("prompt.no_timeframe", "/timeframe")
    assert "15m, 1d" in error.detail


def test_text_that_only_a_model_reads_finds_its_symbols_and_bars_in_the_stock(tmp_path: Path) -> None:
    stored(tmp_path, ("BTCUSDT", "ETHUSDT"))
    stored(tmp_path, ("BTCUSDT", "ETHUSDT"), "1d")
    plan = planned(tmp_path, puzzled, generate("Surf the Elliott waves of BTC/USDT on the daily chart"), model=True)
    assert (plan.engine, plan.compiles, plan.symbols, plan.timeframe) == ("llm", False, ("BTCUSDT",), "1d")
    screen = planned(tmp_path, puzzled, generate("Find coins that surf Elliott waves"), model=True)
    assert (screen.kind, screen.symbols, screen.timeframe) == ("python.classify", ("BTCUSDT", "ETHUSDT"), "1h")


def test_variants_of_the_compiler_are_answered_with_a_warning(tmp_path: Path) -> None:
    stored(tmp_path)
    plan = planned(tmp_path, Read(("BTCUSDT",)), generate(variants=5))
    assert (plan.engine, "one answer to a sentence" in plan.warnings[0]) == ("compiler", True)
    assert planned(tmp_path, Read(("BTCUSDT",)), generate(variants=5, engine="llm"), model=True).warnings == ()
