"""Numbers that answer as the tables of pandas do, for scripts that read their data as such."""

from typing import Any

import numpy as np

from trainer.book.functions import Array


class Dense(np.ndarray):
    """An array that is asked to become one, as a sparse matrix, a column of a table or a function
    that loads some is.
    """

    def toarray(self) -> Array:
        """Return a plain array."""
        return np.array(self)

    to_numpy = as_matrix = todense = numpy = __call__ = toarray

    @property
    def values(self) -> Array:
        """A plain array."""
        return np.array(self)


class Column(str):
    """The name of a column of a table, which is its number, from 0."""


class Names(Dense):
    """The names of columns."""

    to_list = np.ndarray.tolist


class Table(Dense):
    """Numbers in rows that can be asked as a table of pandas is; column label has the labels. Of
    the names of columns only those are known that the table has given itself.
    """

    label = 0

    def __array_finalize__(self, origin: Any) -> None:
        self.label = getattr(origin, "label", 0)

    def __getitem__(self, key: Any) -> Any:
        if isinstance(key, str):
            return self[:, self._find_column(key)]
        if isinstance(key, list | Names) and len(key) and isinstance(key[0], str):
            are_known = all(isinstance(each, Column) for each in key)
            is_whole = len(key) > 1 and not are_known
            return self.drop() if is_whole else self[:, list(map(self._find_column, key))]
        last = key[-1] if isinstance(key, tuple) and key else None
        if isinstance(last, slice) and isinstance(last.start, str):
            return self[key[0]].drop()
        found = super().__getitem__(key)
        is_column = type(last) is int and found.ndim == 1
        is_whole = is_column and bool((found == np.round(found)).all())
        return found.astype(int) if is_whole else found

    def __setitem__(self, key: Any, value: Any) -> None:
        where = (slice(None), self._find_column(key)) if isinstance(key, str) else key
        self.view(np.ndarray)[where] = value  # NumPy would set what __getitem__ returns

    def _find_column(self, name: str) -> int:
        return int(name) if isinstance(name, Column) else self.label

    @property
    def columns(self) -> Names:
        """The names of the columns."""
        names = [Column(i) for i in range(self.shape[1])]
        return np.array(names, dtype=object).view(Names)

    def drop(self, *_names: Any, **_options: Any) -> Any:
        """Return the inputs."""
        return np.delete(self, self.label, axis=1)

    def sample(self, *_args: Any, **_options: Any) -> Any:
        """Return all rows as they are."""
        return self

    head = dropna = fillna = reset_index = sample

    @property
    def iloc(self) -> "Table":
        """The table, which is indexed by position anyway."""
        return self

    loc = iloc


def make_table(data: Any = None, *_: Any, **__: Any) -> Table:
    """Return numbers as a table of pandas; raises KeyError for anything else."""
    values = np.asarray(data)
    if values.dtype.kind not in "fiu" or not values.ndim:
        raise KeyError("DataFrame")
    return np.array(values.reshape(len(values), -1)).view(Table)
