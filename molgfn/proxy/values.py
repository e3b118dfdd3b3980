"""The values of the rows of a table: text, relation and unit together."""

from collections import Counter

from molgfn.proxy.columns import Columns
from molgfn.proxy.numbers import FLIPPED, Value, plain_texts, read_relation, read_value
from molgfn.proxy.scale import Scale
from molgfn.proxy.table import Table

P_VALUES = ("pchembl", "pic50", "pec50", "pki", "pkd")  # dimensionless, whatever the table says


class ValueReader:
    """Reads the values of rows; what a column has in common is found once.

    Attributes:
        notes: what was done to whole columns, a sentence each.
    """

    def __init__(self, table: Table, columns: Columns, scale: Scale) -> None:
        self.table, self.columns, self.scale = table, columns, scale
        self.notes: list[str] = []
        self._texts: dict[str, list[str]] = {}
        for target in columns.targets:
            self._texts[target], done = plain_texts(table.columns[target])
            self.notes += [f"{target!r}: {done}"] if done else []
            self.notes += [f"{target!r} was {scale.description}"] if scale.description else []
            self.notes += self._about_units(target)

    def __call__(self, index: int) -> tuple[list[Value | None], list[str]]:
        """[T] values of the row, and why it lacks some: reasons "KIND: DETAIL"."""
        values: list[Value | None] = [None] * len(self.columns.targets)
        if index in self.table.unreadable:
            return values, [f"unreadable row: {self.table.unreadable[index]}"]
        reasons = []
        for number, target in enumerate(self.columns.targets):
            try:
                values[number] = self._value(target, index)
            except ValueError as error:
                reasons.append(f"unusable value: {target!r}: {error}")
        if not any(values) and not reasons:
            reasons.append(f"no value: {', '.join(map(repr, self.columns.targets))}")
        return values, reasons

    def _about_units(self, target: str) -> list[str]:
        """How the units of a target are used, or that they differ and are not."""
        column = self.columns.unit.get(target)
        if column is None or self.scale.log10 or target.lower().startswith(P_VALUES):
            return []
        if self.scale.unit:
            return [
                f"units of {target!r} are those of column {column!r} where it has one (guessed)"
            ]
        pairs = zip(self._texts[target], self.table.columns[column], strict=True)
        units = Counter(unit or "none" for text, unit in pairs if text)
        if len(units) < 2:
            return []
        counts = ", ".join(f"{unit} ({count:,})" for unit, count in units.most_common(5))
        return [f"{target!r} has several units, {counts}: name one with --unit to convert them"]

    def _value(self, target: str, index: int) -> Value | None:
        value = read_value(self._texts[target][index])
        if value is None:
            return None
        column = self.columns.relation.get(target)
        if column is not None and value.relation == "=":
            relation = read_relation(self.table.columns[column][index])
            of_raw = column.lower().startswith("standard") and target.lower().startswith("pchembl")
            value = Value(value.number, FLIPPED[relation] if of_raw else relation)
        unit = self.columns.unit.get(target)
        return self.scale(value, "" if unit is None else self.table.columns[unit][index])
