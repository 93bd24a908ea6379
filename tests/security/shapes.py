"""What to send, from the contract's own types: right values, nearly right ones, and anything at all."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st
from msgspec import NODEFAULT, UnsetType
from msgspec import inspect as types

WORDS = ["assistant", "system", "1-1", "member", "owner", "forever", "tea", "\0", "x" * 300, "👍"]

ANYTHING: st.SearchStrategy[Any] = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats()
    | st.text(max_size=30)
    | st.sampled_from(WORDS),
    lambda values: st.lists(values, max_size=3) | st.dictionaries(st.text(max_size=5), values),
    max_leaves=6,
)


def of_type(kind: types.Type) -> st.SearchStrategy[Any]:
    """Values of a type, also just beyond its limits."""
    match kind:
        case types.IntType(ge=low, le=high):
            low, high = low if low is not None else -(2**70), high if high is not None else 2**70
            return st.integers(low - 2, high + 2) | st.integers(low, min(high, low + 100))
        case types.StrType(pattern=None, min_length=low, max_length=high):
            return st.text(max_size=(high or 80) + 2) | st.sampled_from(WORDS)
        case types.StrType(pattern=pattern):
            return st.from_regex(pattern or "") | st.text(max_size=70)
        case types.BoolType():
            return st.booleans()
        case types.NoneType():
            return st.none()
        case types.LiteralType(values=values):
            return st.sampled_from(list(values))
        case types.ListType(item_type=item):
            return st.lists(of_type(item), max_size=12)
        case types.UnionType(types=parts):
            kinds = [part for part in parts if not _is_unset(part)]
            return st.one_of(*map(of_type, kinds))
        case _:
            return ANYTHING


def _is_unset(kind: types.Type) -> bool:
    return isinstance(kind, types.CustomType) and kind.cls is UnsetType


def payloads(shape: type[Any]) -> st.SearchStrategy[Any]:
    """Payloads of a shape: its fields right or nearly, some missing, some of any type, some that are not its own."""
    info = types.type_info(shape)
    assert isinstance(info, types.StructType)
    right = {field.name: of_type(field.type) for field in info.fields if field.default is NODEFAULT}
    more = {
        field.name: of_type(field.type) for field in info.fields if field.default is not NODEFAULT
    }
    loose = dict.fromkeys([*right, *more, "user_id", "seq", "__proto__"], ANYTHING)
    return (
        st.fixed_dictionaries(right, optional=more)
        | st.fixed_dictionaries({}, optional=loose)
        | ANYTHING
    )
