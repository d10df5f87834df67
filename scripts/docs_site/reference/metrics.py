"""Metrics: each with its kind, its labels and what it says, from the registry that they are in."""

from collections.abc import Iterable, Mapping
from typing import TYPE_CHECKING, cast

from prometheus_client import CollectorRegistry
from prometheus_client.metrics_core import Metric

from docs_site.markdown import anchor, code, table
from portalkey.errors import StoreBusy
from portalkey.metrics import Metrics

if TYPE_CHECKING:
    from portalkey.broker.broker import Broker


class Unasked:
    """A broker whose store nobody can read, so that what is counted there is only described."""

    def stats(self) -> None:
        """Refuse."""
        raise StoreBusy


def families() -> Iterable[Metric]:
    """Return every metric, those of the store without values."""
    registry = CollectorRegistry()
    metrics = Metrics(cast("Broker", Unasked()), registry)
    try:
        found = {each.name: each for each in [*registry.collect(), *metrics.describe()]}
    finally:
        metrics.close()
    return [found[name] for name in sorted(found)]


def name_of(family: Metric) -> str:
    """Return the name of a metric as a scrape has it."""
    return f"{family.name}_total" if family.type == "counter" else family.name


def anchors() -> Mapping[str, str]:
    """Return the anchor of each metric."""
    return {name_of(each): _anchor(each) for each in families()}


def render() -> str:
    """Return the page."""
    return (
        "# Metrics, each by itself\n\nWhat `portalkey.metrics.Metrics` puts into a registry of prometheus-client. How it is set up, "
        "and what the labels mean, stands in [Metrics and traces](metrics.md).\n\n"
        + "".join(map(_entry, families()))
    )


def _anchor(family: Metric) -> str:
    return f"metric-{name_of(family).replace('_', '-')}"


def _entry(family: Metric) -> str:
    labels = {
        name: {s.labels[name] for s in family.samples if name in s.labels}
        for s in family.samples
        for name in s.labels
    }
    rows = [
        (code(name), ", ".join(map(code, sorted(values))))
        for name, values in labels.items()
        if name != "le"
    ]
    unit = "Seconds. " if "_seconds" in family.name else ""
    return (
        f"{anchor(_anchor(family))}## {code(name_of(family))}\n\nA {family.type}. {unit}{family.documentation}\n\n"
        + (table(("label", "values"), rows) if rows else "")
    )
