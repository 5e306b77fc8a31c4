"""Read the docstrings of a class and of its fields: what a value means is written where it is defined."""

from __future__ import annotations

import ast
import inspect
import sys
from functools import cache


@cache
def module_tree(module: str) -> ast.Module:
    """Return the parsed source of an imported module."""
    return ast.parse(inspect.getsource(sys.modules[module]))


def field_texts(kind: type) -> dict[str, str]:
    """Return the docstrings of a class (under the empty name) and of its fields, each on one line."""
    tree = module_tree(kind.__module__)
    body = next(n.body for n in tree.body if isinstance(n, ast.ClassDef) and n.name == kind.__name__)
    found: dict[str, str] = {}
    name = ""
    for node in body:
        if isinstance(node, ast.AnnAssign) and isinstance(node.target, ast.Name):
            name = node.target.id
        elif isinstance(node, ast.Expr) and isinstance(node.value, ast.Constant):
            found.setdefault(name, " ".join(inspect.cleandoc(str(node.value.value)).split()))
    return found
