"""Evidence in plain words: one finding per check, in the wording of docs/evidence.md. Decides which a report has and how each reads."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from libs.report import figures
from libs.report.figures import known
from libs.report.shapes import Tree, listed, tree, trees

State = Literal["pass", "fail", "warn", "note"]

LOOK_AHEAD = "Look-ahead"
"""The name of the finding without which no other figure means anything."""

DSR_LIMIT = 0.95
PBO_LIMIT, PBO_DOUBT = 0.5, 0.2
_SAYS = {1: "buy", -1: "sell", 0: "hold"}


@dataclass(frozen=True)
class Finding:
    """One check: what it asks, what came out, and the numbers behind it. rows: a small table, its header first."""

    name: str
    question: str
    state: State
    answer: str
    facts: tuple[tuple[str, str], ...] = ()
    rows: tuple[tuple[str, ...], ...] = ()


def findings(evidence: Tree) -> tuple[Finding, ...]:
    """Return what a report's `evidence` shows, in the order of docs/evidence.md; a check that was not made is absent."""
    evidence = tree(_explained(evidence, "", tree(evidence.get("undefined"))))
    found: list[Finding] = []
    for told in (_look_ahead, _lookback, _reproducible, _luck, _overfit, _random_entry, _doubled, _holdout):
        one = told(evidence)
        found += [one] if one else []
    return (*found, *_walks(evidence))


def boundary_of(evidence: Tree) -> int | None:
    """Return the open time of the first bar kept back from the family, epoch ms; None where none is."""
    held = known(tree(evidence.get("holdout")).get("boundary_ms"))
    if held is None:
        held = figures.milliseconds(tree(tree(evidence.get("in_short")).get("holdout")).get("boundary"))
    return None if held is None else int(held)


def _explained(value: object, path: str, reasons: Tree) -> object:
    """The tree with the reason in the place of each null that has one."""
    if value is None and path in reasons:
        return {"reason": reasons[path]}
    if isinstance(value, Mapping):
        return {name: _explained(one, f"{path}.{name}" if path else str(name), reasons) for name, one in value.items()}
    if isinstance(value, list | tuple):
        return [_explained(one, f"{path}.{place}", reasons) for place, one in enumerate(value)]
    return value


def undefined(value: object) -> str | None:
    """Return why a value does not exist, None if it does or was never asked for."""
    return str(value["reason"]) if isinstance(value, Mapping) and "reason" in value else None


def _spelled(value: object, spell: Callable[[object], str]) -> str:
    reason = undefined(value)
    return f"{figures.MISSING} ({reason})" if reason else spell(value)


def _asked(evidence: Tree) -> list[Tree]:
    return trees(evidence.get("asked"))


def _said(signal: object) -> str:
    found = known(signal)
    return figures.MISSING if found is None else _SAYS.get(int(found), figures.MISSING)


def _look_ahead(evidence: Tree) -> Finding | None:
    asked = [(str(one.get("symbol", "")), tree(one.get("look_ahead"))) for one in _asked(evidence)]
    if not asked:
        return None
    passed = all(one.get("passed") is True for _, one in asked)
    reruns = sum(int(known(one.get("reruns")) or 0) for _, one in asked)
    rows = [("Bar", "Symbol", "All bars known", "Later bars hidden", "Hidden from")]
    for symbol, one in asked:
        for change in trees(one.get("changes")):
            said = _said(change.get("full")), _said(change.get("again"))
            rows.append((figures.moment(change.get("time")), symbol, *said, figures.moment(change.get("cut"))))
    unchecked = sum(len(listed(one.get("unchecked"))) for _, one in asked)
    answer = "No signal changed when later bars were hidden or replaced by noise."
    if len(rows) > 1:
        answer = "Signals change when later bars are hidden: the strategy knew prices it could not have known."
    elif not passed:
        answer = f"It could not be checked at {unchecked} cuts: the strategy refused to answer there."
    facts = (("Times asked again", figures.count(reruns)), ("Symbols asked", figures.count(len(asked))))
    return Finding(
        LOOK_AHEAD,
        "Does it say the same when later bars are hidden, or are noise?",
        "pass" if passed else "fail",
        answer,
        facts,
        tuple(rows) if len(rows) > 1 else (),
    )


def _lookback(evidence: Tree) -> Finding | None:
    if not _asked(evidence):
        return None
    bars = known(evidence.get("lookback"))
    answer = (
        "No length of history was found after which it no longer matters where history starts."
        if bars is None
        else f"With {figures.count(bars)} bars of history every signal looked at was the same, wherever history started."
    )
    return Finding("Lookback", "How many bars does it need?", "note", answer)


def _reproducible(evidence: Tree) -> Finding | None:
    asked = [tree(one.get("reproducible")) for one in _asked(evidence)]
    if not asked:
        return None
    passed = all(one.get("passed") is True for one in asked)
    changes = [tree(one.get("change")) for one in asked if one.get("change")]
    where = f" First on the bar of {figures.moment(changes[0].get('time'))}." if changes else ""
    answer = "Asked twice, it said the same." if passed else f"Asked twice, it said something else.{where}"
    return Finding("Reproducible", "Does it say the same when asked twice?", "pass" if passed else "fail", answer)


def _luck(evidence: Tree) -> Finding | None:
    luck = tree(evidence.get("luck"))
    if not luck:
        return None
    tries, dsr = known(luck.get("tries")) or 1, known(luck.get("dsr"))
    passed = dsr is not None and dsr >= DSR_LIMIT
    family = "the only try of its family" if tries == 1 else f"one of {figures.count(tries)} tries of its family"
    if dsr is None:
        answer = (
            f"The chance that this is more than luck is undefined: {undefined(luck.get('dsr')) or 'it is not known'}."
        )
    else:
        answer = (
            f"It is {family}. The chance that its true Sharpe ratio beats what the best of so many tries shows without "
            f"skill is {figures.percent(dsr, 1)}; {figures.percent(DSR_LIMIT, 0)} is asked for."
        )
    facts = (
        ("Deflated Sharpe ratio (DSR)", _spelled(luck.get("dsr"), lambda value: figures.number(value, 3))),
        ("Distinct tries", figures.count(tries)),
        ("Sharpe per bar", _spelled(luck.get("sharpe"), lambda value: figures.number(value, 4))),
        ("Best expected without skill", figures.number(luck.get("expected_best"), 4)),
        ("Bars needed to be sure", _spelled(luck.get("min_bars"), figures.count)),
    )
    question = "How good would the best of so many tries be without skill?"
    return Finding("Luck", question, "pass" if passed else "fail", answer, facts)


def _overfit(evidence: Tree) -> Finding | None:
    over = evidence.get("overfit")
    if not isinstance(over, Mapping):
        return None
    pbo = known(over.get("pbo"))
    question = "Is the best on one half of the bars still good on the other?"
    if pbo is None:
        return Finding("Overfit", question, "fail", f"It could not be told: {undefined(over) or 'no value'}.")
    state: State = "fail" if pbo > PBO_LIMIT else "warn" if pbo > PBO_DOUBT else "pass"
    answer = (
        f"In {figures.percent(pbo, 1)} of {figures.count(over.get('splits'))} ways to halve the bars, the try that was best on one "
        "half ranked in the lower half on the other. 50\u202f% is what chance gives."
    )
    facts = (
        ("Probability of overfitting (PBO)", figures.number(pbo, 3)),
        ("Tries compared", figures.count(over.get("members"))),
    )
    return Finding("Overfit", question, state, answer, facts)


def _random_entry(evidence: Tree) -> Finding | None:
    drawn = evidence.get("random_entry")
    if not isinstance(drawn, Mapping):
        return None
    question = "Did the moments of entry matter?"
    if reason := undefined(drawn):
        return Finding("Random entry", question, "note", f"Not examined: {reason}.")
    answer = (
        f"It beat {figures.percent(drawn.get('percentile'), 1)} of {figures.count(drawn.get('draws'))} runs with the same holdings "
        "at random times, at the same costs."
    )
    facts = (
        ("This run", figures.percent(drawn.get("total_return"), signed=True)),
        ("Median random run", figures.percent(drawn.get("median"), signed=True)),
        ("Best random run", figures.percent(drawn.get("best"), signed=True)),
    )
    return Finding("Random entry", question, "note", answer, facts)


def _doubled(evidence: Tree) -> Finding | None:
    costs = tree(evidence.get("doubled_costs"))
    if not costs:
        return None
    answer = (
        f"With fee and slippage doubled it returns {figures.percent(costs.get('total_return'), signed=True)}, "
        f"and the verdict would be {costs.get('verdict')}."
    )
    facts = (
        ("Fee per side", figures.percent(costs.get("fee"), 3)),
        ("Slippage per side", figures.percent(costs.get("slippage"), 3)),
    )
    return Finding("Doubled costs", "What is left when trading costs twice as much?", "note", answer, facts)


def _holdout(evidence: Tree) -> Finding | None:
    held = tree(evidence.get("holdout"))
    question = "What happened on bars that nobody had seen?"
    if not held:
        boundary = boundary_of(evidence)
        kept = f"The bars from {figures.moment(boundary)} on are kept back; only the check before a promotion looks at them."
        return None if boundary is None else Finding("Holdout", question, "note", kept)
    after = known(held.get("return_after"))
    answer = (
        f"On the bars kept back from {figures.moment(held.get('boundary_ms'))} on it returned "
        f"{figures.percent(after, signed=True)}; before them {figures.percent(held.get('return_before'), signed=True)}."
    )
    rows = (
        ("", "Seen", "Kept back"),
        ("Bars", figures.count(held.get("bars_before")), figures.count(held.get("bars_after"))),
        (
            "Return",
            figures.percent(held.get("return_before"), signed=True),
            figures.percent(after, signed=True),
        ),
        (
            "Sharpe per bar",
            _spelled(held.get("sharpe_before"), lambda value: figures.number(value, 4)),
            _spelled(held.get("sharpe_after"), lambda value: figures.number(value, 4)),
        ),
    )
    state: State = "pass" if after is not None and after >= 0 else "fail"
    facts = (("Trades closed after", figures.count(held.get("closed_after"))),)
    return Finding("Holdout", question, state, answer, facts, rows)


def _walks(evidence: Tree) -> list[Finding]:
    return [_walk(one) for one in trees(evidence.get("walk_forward"))]


def _walk(walk: Tree) -> Finding:
    kind = str(walk.get("kind", ""))
    name = f"Walk-forward, {kind}" if kind else "Walk-forward"
    question = "What would have been earned in the bars after each training?"
    if reason := undefined(walk):
        return Finding(name, question, "note", f"Not examined: {reason}.")
    folds = trees(walk.get("folds"))
    answer = (
        f"{figures.count(walk.get('positive_folds'))} of {len(folds)} tests made money, "
        f"{figures.percent(walk.get('test_return'), signed=True)} together."
    )
    efficiency = _spelled(walk.get("efficiency"), lambda value: figures.number(value, 2))
    facts = (("Efficiency, test over training", efficiency), ("Bars left out between", figures.count(walk.get("gap"))))
    rows: list[tuple[str, ...]] = [("Fold", "Training", "Test")]
    for place, fold in enumerate(folds, start=1):
        gains = (figures.percent(fold.get(name), signed=True) for name in ("train_return", "test_return"))
        rows.append((str(place), *gains))
    return Finding(name, question, "note", answer, facts, tuple(rows) if len(rows) > 1 else ())
