"""gdb pretty-printers for xgrad's arrays: shape and first values.

gdb loads this file automatically if xgrad is installed in /usr. Otherwise load it by hand or from ~/.gdbinit:

    source PREFIX/share/xgrad/gdb/xgrad.py
"""

import itertools

import gdb
import gdb.printing

MOST_VALUES = 20


def member(value, name):
    """A member of an object or of one of its base classes; None if there is none."""
    for field in value.type.strip_typedefs().fields():
        if field.name == name:
            return value[field]
        if field.is_base_class:
            found = member(value[field], name)
            if found is not None:
                return found
    return None


def extents(array):
    """The shape of an xtensor container."""
    shape = member(array, "m_shape")
    begin, end = member(shape, "m_begin"), member(shape, "m_end")
    return [int(begin[i]) for i in range(int(end - begin))]


def text(array):
    """shape {2, 3}: 1, 2, 3, 4, 5, 6"""
    storage = member(array, "storage_")
    begin, end = member(storage, "p_begin"), member(storage, "p_end")
    count = int(end - begin)
    values = [str(begin[i]) for i in itertools.islice(range(count), MOST_VALUES)]
    dots = ["..."] if count > MOST_VALUES else []
    shape = ", ".join(str(extent) for extent in extents(array))
    return f"shape {{{shape}}}: {', '.join(values + dots)}"


class Array:
    """xgrad::Array, an alias of xt::xarray_container."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        return text(self.value)


class Variable:
    """xgrad::Variable and xgrad::Parameter, which derives from it."""

    def __init__(self, value):
        self.value = value

    def to_string(self):
        node = member(member(self.value, "node_"), "node_")
        if int(node) == 0:
            return "empty"
        scalar = self.variable_type().template_argument(0)
        full = gdb.lookup_type(f"xgrad::detail::ValueNode<{scalar}>")
        return text(node.cast(full.pointer()).dereference()["value"])

    def variable_type(self):
        """The type Variable<T>, also for a Parameter<T>."""
        kind = self.value.type.strip_typedefs()
        while not str(kind).startswith("xgrad::Variable<"):
            kind = next(field.type for field in kind.fields() if field.is_base_class)
        return kind


def printers():
    collection = gdb.printing.RegexpCollectionPrettyPrinter("xgrad")
    collection.add_printer("Variable", "^xgrad::(Variable|Parameter)<.*>$", Variable)
    collection.add_printer("Array", "^xt::xarray_container<xt::uvector<.*, xgrad::PoolAllocator<.*", Array)
    return collection


gdb.printing.register_pretty_printer(gdb.current_objfile(), printers(), replace=True)
