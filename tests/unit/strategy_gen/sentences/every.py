"""All sentences, by topic."""

from tests.unit.strategy_gen.sentences import (
    averages,
    changes,
    company,
    exits,
    extremes,
    oscillators,
    places,
    structure,
    swings,
    volumes,
)

TOPICS = {
    "oscillators": oscillators.CASES,
    "averages": averages.CASES,
    "swings": swings.CASES,
    "extremes": extremes.CASES,
    "changes": changes.CASES,
    "volumes": volumes.CASES,
    "company": company.CASES,
    "structure": structure.CASES,
    "exits": exits.CASES,
    "places": places.CASES,
}
CASES = tuple(case for cases in TOPICS.values() for case in cases)
