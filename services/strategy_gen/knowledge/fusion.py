"""How two rankings become one: each chunk's weighted mean of its cosine and its share of the question's words.

A mean of scores, not of ranks: both are absolute, so the result says how well a passage fits and not only that it came first.
"""

from collections.abc import Iterable

from services.strategy_gen.knowledge.vectors import Near

LEAST = 0.03
"""Below this, two texts have no more in common than letters have by chance."""


def fuse(near: Iterable[Near], matches: Iterable[tuple[str, float]], share: float) -> list[tuple[str, float]]:
    """Return key and score in [0, 1] of every chunk in either ranking, best first, equal scores by key; those below LEAST are left out.

    near: cosines, those below 0 counting as 0; they have `share` of the score. matches: shares in [0, 1]. A chunk that is in one ranking only
    has 0 in the other.
    """
    scores: dict[str, float] = {}
    for one in near:
        scores[one.key] = share * min(1.0, max(0.0, one.cosine))
    for key, matched in matches:
        scores[key] = scores.get(key, 0.0) + (1.0 - share) * matched
    kept = [(key, round(score, 6)) for key, score in scores.items() if score >= LEAST]
    return sorted(kept, key=lambda one: (-one[1], one[0]))
