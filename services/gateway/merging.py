"""The one way a row of the read model is stored: inserted, or merged with the one that has its key. Decides nothing of what is newer."""

from collections.abc import Sequence

from sqlalchemy import Table, TextClause, bindparam, text


def merge(table: Table, columns: Sequence[str], keys: Sequence[str], newer: str = "") -> TextClause:
    """Return the insert that on an equal key replaces the row if `newer` holds, and leaves it alone without `newer`."""
    changed = ", ".join(f"{name} = excluded.{name}" for name in columns if name not in keys)
    then = f"UPDATE SET {changed} WHERE {newer}" if newer else "NOTHING"
    values = ", ".join(":" + name for name in columns)
    sql = f"INSERT INTO {table.name} ({', '.join(columns)}) VALUES ({values}) ON CONFLICT ({', '.join(keys)}) DO {then}"
    return text(sql).bindparams(*(bindparam(name, type_=table.c[name].type) for name in columns))
