"""A sentence as `generate_signals(df)`: buys and sells by columns, and a walk from bar to bar where a way out depends on the entry.

A sell outranks a buy on the same bar, as in rules.
"""

from services.strategy_gen.compiler.tree import Exits, Sentence
from services.strategy_gen.compiler.writing.exits import has_exits
from services.strategy_gen.compiler.writing.layout import defaults, docstring, joined, lines, signature
from services.strategy_gen.compiler.writing.logic import expression
from services.strategy_gen.compiler.writing.names import Names
from services.strategy_gen.compiler.writing.signals.series import SeriesDialect
from services.strategy_gen.compiler.writing.signals.series_helpers import HELPERS, with_needed

_ACTIONS = """\
    signals = pd.Series(0, index=df.index)
    signals[buy] = 1
"""
_SELLS = """\
    signals[sell] = -1
"""
_EXITS = (
    ("stop_loss", "close <= entry * (1 - stop_loss)"),
    ("take_profit", "close >= entry * (1 + take_profit)"),
    ("trailing_stop", "close <= best * (1 - trailing_stop)"),
    ("hold_bars", "bar - bought >= hold_bars"),
)


def signals_code(sentence: Sentence, in_words: str, *, implied: bool) -> str:
    """Return the source. sentence: complete, its times in bars. implied: its way out is not in the text."""
    conditions = [part for part in (sentence.entry, sentence.exit) if part is not None]
    names = Names(conditions)
    dialect = SeriesDialect(names)
    rules = lines(expression(sentence.entry, dialect), 4, "buy = ")
    if sentence.exit is not None:
        rules += ["", *lines(expression(sentence.exit, dialect, implied=implied), 4, "sell = ")]
    columns = [f'    df["{title}"] = {code}' for title, code in dialect.columns.items()]
    walks = has_exits(sentence.exits)
    ways = _ways(sentence.exits, names) if walks else {}
    helpers = [HELPERS[name][1] for name in with_needed(dialect.helpers, HELPERS)]
    walk = _walk(tuple(ways), sells=sentence.exit is not None) if walks else ""
    head = signature(
        "generate_signals", ["df: pd.DataFrame", *defaults(names.parameters)], "list" if walks else "pd.Series"
    )
    body = "\n".join([head, _says(walks), *columns, *([""] if columns else []), *rules, ""])
    parts = [
        docstring(sentence.text, f"In words: {in_words}"),
        _imports(helpers),
        'SIGNAL_MODE = "position"' if walks else "",
        *helpers,
        walk,
        body + "\n" + _ending(tuple(ways), sells=sentence.exit is not None, walks=walks),
    ]
    return joined(parts)


def _imports(helpers: list[str]) -> str:
    return (
        "import numpy as np\nimport pandas as pd" if any("np." in each for each in helpers) else "import pandas as pd"
    )


def _says(walks: bool) -> str:
    said = "the wanted position after each bar: 1 long, 0 none" if walks else "1 where to buy, -1 where to sell, else 0"
    return f'    """Return {said}."""'


def _ways(exits: Exits, names: Names) -> dict[str, str]:
    """Return the parameters for the ways out, by what they are."""
    given = {
        "stop_loss": exits.stop_loss,
        "take_profit": exits.take_profit,
        "trailing_stop": exits.trailing_stop,
        "hold_bars": exits.hold.count if exits.hold else None,
    }
    return {way: names.parameter(way, value) for way, value in given.items() if value is not None}


def _ending(ways: tuple[str, ...], *, sells: bool, walks: bool) -> str:
    if not walks:
        return _ACTIONS + _SELLS * sells + "    return signals\n"
    given = ", ".join((*(("df",) * (ways != ("hold_bars",))), "buy", *(("sell",) * sells), *ways))
    return f"    return positions({given})\n"


def _walk(ways: tuple[str, ...], *, sells: bool) -> str:
    """Return the function that walks from bar to bar, with the ways out that there are."""
    priced, trails = ways != ("hold_bars",), "trailing_stop" in ways
    arguments = [
        *(["df: pd.DataFrame"] * priced),
        "buy: pd.Series",
        *(["sell: pd.Series"] * sells),
        *(f"{way}: {'int' if way == 'hold_bars' else 'float'}" for way in ways),
    ]
    ends = [*(("sells[bar]",) * sells), *(code for way, code in _EXITS if way in ways)]
    source = [
        signature("positions", arguments, "list"),
        '    """Return 1 for bars after which the position is held, else 0. It is bought and sold at the open of the next bar."""',
        *(['    opens, closes = df["open"].tolist(), df["close"].tolist()'] * priced),
        f"    buys{', sells' * sells} = buy.tolist(){', sell.tolist()' * sells}",
        "    held, inside, bought = [], False, 0",
        "    entry = best = 0.0" if trails else "    entry = 0.0" if priced else "",
        "    for bar, close in enumerate(closes):" if priced else "    for bar in range(len(buys)):",
        "        if inside:",
        *(
            [
                "            if bar == bought + 1:",
                f"                entry = {'best = ' * trails}opens[bar]",
            ]
            * priced
        ),
        *(["            best = max(best, close)"] * trails),
        *_decision(ends),
        f"        elif buys[bar]{' and not sells[bar]' * sells}:",
        "            inside, bought = True, bar",
        "        held.append(int(inside))",
        "    return held",
    ]
    return "\n".join(line for line in source if line)


def _decision(ends: list[str]) -> list[str]:
    if len(ends) == 1:
        return [f"            inside = not ({ends[0]})"]
    first, *others = ends
    return [
        "            leave = (",
        f"                {first}",
        *(f"                or {end}" for end in others),
        "            )",
        "            inside = not leave",
    ]
