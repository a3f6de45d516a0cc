"""Units: the same input gives the same, and a change of it changes few."""

from __future__ import annotations

from dataclasses import replace

from clipsight.corpus.units import MAX_UNIT_BYTES, Item, Rows, Unit, of_items, of_rows

ITEMS = [
    Item(f"folder/{number:05}.jpg", f"{number:05}.jpg", 1000, "1000:1") for number in range(5000)
]


def test_units_hold_every_item_once_in_order() -> None:
    units = list(of_items(ITEMS, 64))
    assert [item for unit in units for item in unit.items] == ITEMS
    assert all(unit.count == len(unit.items) <= 128 for unit in units)
    assert 5000 / 128 <= len(units) <= 5000 / 32
    assert len({unit.digest for unit in units}) == len(units)


def test_a_new_file_changes_the_unit_around_it_alone() -> None:
    before = {unit.digest for unit in of_items(ITEMS, 64)}
    more = sorted(
        [*ITEMS, Item("folder/02500a.jpg", "02500a.jpg", 9, "9:1")], key=lambda item: item.key
    )
    after = {unit.digest for unit in of_items(more, 64)}
    # Two, where the new file's own name ends a unit or moves the end of a full one.
    assert 1 <= len(after - before) <= 3


def test_a_file_that_changed_changes_its_unit() -> None:
    changed = [*ITEMS]
    changed[100] = replace(changed[100], stamp="1000:2")
    before = [unit.digest for unit in of_items(ITEMS, 64)]
    after = [unit.digest for unit in of_items(changed, 64)]
    assert sum(old != new for old, new in zip(before, after, strict=True)) == 1


def test_large_files_make_small_units() -> None:
    large = [replace(item, length=MAX_UNIT_BYTES // 4) for item in ITEMS[:100]]
    assert max(unit.count for unit in of_items(large, 64)) <= 4


def test_units_come_back_from_their_lines() -> None:
    odd = Item('a"\n\\udcff.jpg', 'a"\n\udcff.jpg', 1, "1:")
    for unit in (
        *of_items([odd], 4),
        of_rows(Rows("x.parquet", "x.parquet", 1, 0, 5, 100, "100:3")),
    ):
        text = unit.to_json()
        assert "\n" not in text
        assert text.isascii()
        assert Unit.from_json(text) == unit
