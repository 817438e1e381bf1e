"""A fleet: cohorts of devices and the seed that everything random in them comes from."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from fuota_constructs.local.fleet.cohort import MOST_DEVICES, Cohort
from fuota_constructs.local.fleet.loss import FleetError, number

if TYPE_CHECKING:
    from collections.abc import Iterator

_FIELDS: Final = ("devices", "loss", "seed", "groups", "profile", "cohorts")


@dataclass(frozen=True)
class Fleet:
    """Devices to be made in the local cloud.

    The same fleet in the same session always ends the same way. `groups` are ids of multicast groups; None is every
    group there is, an empty list none. `gives_way`: nobody asked for that many, so where an app names its devices there
    are as many of them.
    """

    cohorts: tuple[Cohort, ...]
    seed: int = 0
    groups: tuple[str, ...] | None = None
    gives_way: bool = False

    @classmethod
    def of(
        cls,
        *,
        devices: int,
        loss: Any = 0,
        seed: int = 0,
        groups: list[str] | tuple[str, ...] | None = None,
        **profile: Any,
    ) -> Fleet:
        """Devices that are all alike; `profile` are fields of a cohort, such as ts004=2."""
        chosen = {} if groups is None else {"groups": list(groups)}
        return cls.from_dict({"devices": devices, "loss": loss, "seed": seed, "profile": profile, **chosen})

    @classmethod
    def from_file(cls, path: str | Path) -> Fleet:
        """Read a fleet from a YAML or JSON file. Raises FleetError, OSError."""
        path = Path(path)
        try:
            text = path.read_text(encoding="utf-8")
        except UnicodeDecodeError:
            raise FleetError(f"{path} is no text in UTF-8: give a YAML or JSON file") from None
        try:
            document = json.loads(text, object_pairs_hook=_object) if path.suffix == ".json" else _yaml(text, path)
        except ValueError as error:
            if isinstance(error, _TwiceError):
                raise FleetError(f"{path} {error}") from None
            if isinstance(error, FleetError):
                raise
            raise FleetError(f"{path} is not JSON: {error}") from None
        try:
            return cls.from_dict(document, folder=path.absolute().parent)
        except FleetError as error:
            raise FleetError(f"{path}: {error}") from None

    @classmethod
    def from_dict(cls, document: Any, *, folder: Path | None = None) -> Fleet:
        """Read a fleet; paths in it are relative to `folder`, by default the working directory. Raises FleetError."""
        if not isinstance(document, dict):
            raise FleetError("a fleet is an object with devices or cohorts, such as {'devices': 200, 'loss': '10%'}")
        if unknown := sorted(str(name) for name in document.keys() - set(_FIELDS)):
            raise FleetError(f"the fleet has unknown field {', '.join(unknown)}; allowed are {', '.join(_FIELDS)}")
        cohorts = _cohorts(document, folder)
        total = sum(cohort.count for cohort in cohorts)
        if total > MOST_DEVICES:
            raise FleetError(f"the fleet has {total} devices; at most {MOST_DEVICES} in all, so make it smaller")
        groups = document.get("groups")
        if groups is not None and (
            not isinstance(groups, (list, tuple)) or any(not isinstance(group, str) for group in groups)
        ):
            raise FleetError(f"groups is {groups!r}; give a list of multicast group ids, or leave it out for all")
        seed = int(number(document.get("seed", 0), "seed", 0, 2**63, whole=True))
        return cls(cohorts, seed, None if groups is None else tuple(groups))

    @property
    def devices(self) -> int:
        """How many devices there are."""
        return sum(cohort.count for cohort in self.cohorts)

    def resized(self, devices: int) -> Fleet:
        """The same with so many devices, all of its first cohort."""
        return replace(self, cohorts=(replace(self.cohorts[0], count=devices),))

    def cut(self, *sizes: int) -> Iterator[Fleet]:
        """Fleets of so many devices each, taken from the cohorts in their order."""
        left = list(self.cohorts)
        for size in sizes:
            taken: list[Cohort] = []
            while size > sum(cohort.count for cohort in taken):
                cohort = left.pop(0)
                count = min(cohort.count, size - sum(each.count for each in taken))
                taken.append(replace(cohort, count=count))
                if count < cohort.count:
                    left.insert(0, replace(cohort, count=cohort.count - count))
            yield replace(self, cohorts=tuple(taken))

    def as_dict(self) -> dict[str, Any]:
        """The fleet as the admin route POST /_fuota/fleet takes it."""
        groups = {} if self.groups is None else {"groups": list(self.groups)}
        return {"seed": self.seed, "cohorts": [cohort.as_dict() for cohort in self.cohorts], **groups}


def _cohorts(document: dict[str, Any], folder: Path | None) -> tuple[Cohort, ...]:
    if "cohorts" in document:
        if more := sorted(document.keys() & {"devices", "loss", "profile"}):
            raise FleetError(f"the fleet has cohorts and {', '.join(more)}; say that in each cohort")
        found = document["cohorts"]
        if not isinstance(found, list) or not found or any(not isinstance(item, dict) for item in found):
            raise FleetError("cohorts is not a list of objects; give [{'name': 'meters', 'count': 100, 'loss': 0.1}]")
        cohorts = tuple(
            Cohort.of({"name": f"cohort-{place}", **item}, f"cohorts[{place}]", folder)
            for place, item in enumerate(found)
        )
        names = [cohort.name for cohort in cohorts]
        if twice := {name for name in names if names.count(name) > 1}:
            raise FleetError(f"cohorts has the name {', '.join(sorted(twice))} twice; give each its own")
        return cohorts
    if "devices" not in document:
        raise FleetError(
            f"the fleet has neither devices nor cohorts; say how many, such as devices: 200 (1 to {MOST_DEVICES})"
        )
    count = int(number(document["devices"], "devices", 1, MOST_DEVICES, whole=True))
    profile = document.get("profile") or {}
    if not isinstance(profile, dict):
        raise FleetError(f"profile is {profile!r}; give an object with fields of a cohort, such as {{'ts004': 2}}")
    loss = {"loss": document["loss"]} if "loss" in document else {}
    given = {"name": "devices", **loss, **profile, "count": count}
    return (Cohort.of(given, "profile" if profile else "fleet", folder),)


class _TwiceError(FleetError):
    """A field is given twice; JSON and YAML readers take the last one, and say nothing."""


def _refuse_twice(names: list[str]) -> None:
    for name in names:
        if names.count(name) > 1:
            raise _TwiceError(f"has {name} twice: give it once")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    _refuse_twice([name for name, _ in pairs])
    return dict(pairs)


def _yaml(text: str, path: Path) -> Any:
    try:
        import yaml  # type: ignore[import-untyped]  # its stubs are a package of their own
    except ImportError:
        raise FleetError(
            f"reading {path} needs pyyaml: pip install 'fuota-constructs[local]', or write the fleet as .json"
        ) from None

    class Loader(yaml.SafeLoader):  # type: ignore[misc]  # untyped, too
        def compose_mapping_node(self, anchor: Any) -> Any:
            node = super().compose_mapping_node(anchor)
            _refuse_twice([name.value for name, _ in node.value if isinstance(name, yaml.ScalarNode)])
            return node

    try:
        return yaml.load(text, Loader)  # noqa: S506  # a SafeLoader
    except yaml.YAMLError as error:
        raise FleetError(f"{path} is not YAML: {error}") from None
