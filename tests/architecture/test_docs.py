"""What the code has, the documents name: every message, setting, stream and service."""

import importlib
from pathlib import Path

import pytest
from pydantic import AliasChoices
from pydantic.fields import FieldInfo

from deploy.local import SERVICES
from libs.common.commands import COMMANDS
from libs.common.events import FACTS
from libs.common.settings import CommonSettings
from libs.common.streams import STREAMS
from services.strategy_gen.llm.settings import LlmSettings
from tests.conftest import ROOT

BUS = (ROOT / "docs" / "bus.md").read_text()
SETTINGS = (ROOT / "docs" / "settings.md").read_text()


def settings() -> dict[str, FieldInfo]:
    found = dict(CommonSettings.model_fields)
    for service in SERVICES:
        module = importlib.import_module(f"services.{service}.settings")
        for value in vars(module).values():
            if isinstance(value, type) and issubclass(value, CommonSettings):
                found |= value.model_fields
    return found


@pytest.mark.parametrize("message", [*FACTS, *COMMANDS], ids=lambda kind: kind.__name__)
def test_message_is_in_the_bus_page_with_its_subject_and_meaning(message: type) -> None:
    told = (message.__doc__ or "").strip().splitlines()[0]
    assert f"| `{message.subject}` | {message.__name__} | {told} |" in BUS  # type: ignore[attr-defined]


@pytest.mark.parametrize("stream", STREAMS, ids=lambda stream: stream.name)
def test_stream_is_in_the_bus_page_with_its_subjects(stream: object) -> None:
    assert f"| {stream.name} | `{' '.join(stream.subjects)}` |" in BUS  # type: ignore[attr-defined]


def test_every_setting_is_in_the_settings_page_with_its_meaning_and_no_other() -> None:
    known = settings()
    for name, field in known.items():
        assert f"| `SENTINEL_{name.upper()}` |" in SETTINGS
        assert f"| {field.description} |" in SETTINGS
    listed = {line.split("`")[1] for line in SETTINGS.splitlines() if line.startswith("| `SENTINEL_")}
    assert listed == {f"SENTINEL_{name.upper()}" for name in known}


def test_every_setting_of_the_models_is_in_the_generation_page() -> None:
    page = (ROOT / "docs" / "generation.md").read_text()
    for name, field in LlmSettings.model_fields.items():
        alias = field.validation_alias
        names = alias.choices if isinstance(alias, AliasChoices) else [f"SENTINEL_{name.upper()}"]
        assert all(f"`{each}`" in page for each in names), name


def test_services_of_the_launcher_are_the_folders_there_are() -> None:
    folders = {path.parent.name for path in (ROOT / "services").glob("*/__main__.py")}
    assert set(SERVICES) == folders


def test_links_between_the_pages_lead_somewhere() -> None:
    for page in [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *(ROOT / "docs").rglob("*.md")]:
        for part in page.read_text().split("](")[1:]:
            target = part.split(")", 1)[0].split("#", 1)[0]
            if target and "://" not in target:
                assert (page.parent / target).exists() or Path(target).exists(), (page.name, target)
