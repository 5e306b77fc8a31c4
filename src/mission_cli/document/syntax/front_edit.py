"""Changes one scalar of the front matter and leaves every other byte as it is."""

from __future__ import annotations

from decimal import Decimal

import yaml

from mission_cli.document.syntax.front import NOT_TEXT, PLAIN, Front, Scalar, _value


def edit_scalar(
    text: str, front: Front, path: tuple[str, ...], value: Scalar, *, single: bool = False
) -> tuple[int, int, str]:
    """Return (start, end, replacement) that sets one scalar and keeps quoting, comments and order.

    With `single`, for a key that takes one value, it also replaces a list or a mapping.
    Raises ValueError with the reason if that cannot be done safely.
    """
    if front.missing or front.problems:
        raise ValueError("the front matter is missing or has errors")
    node = front.node(*path)
    if node is not None:
        replace = _replace_all if single and not isinstance(node, yaml.ScalarNode) else _replace
        return replace(text, front, path, node, value)
    for depth in range(len(path) - 1, -1, -1):
        parent = front.node(*path[:depth])
        if parent is not None or depth == 0:
            return _insert(text, front, parent, path[:depth], path[depth:], value)
    raise AssertionError("the root is always reached")


def render_scalar(value: Scalar, style: str = "", *, flow: bool = False) -> str:
    """Return YAML for a scalar, if possible in the style of the one that it replaces."""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | Decimal):
        plain = f"{value:f}" if isinstance(value, Decimal) else str(value)
        return quoted(plain) if style == '"' else f"'{plain}'" if style == "'" else plain
    if style == "'" and value.isprintable():
        return "'" + value.replace("'", "''") + "'"
    if style != '"' and PLAIN.match(value) and not NOT_TEXT.match(value) and not (flow and "," in value):
        return value
    return quoted(value)


def quoted(text: str) -> str:
    """Return any `text` as a double-quoted YAML scalar on one line."""
    out = []
    for char in text:
        if char in '"\\':
            out.append("\\" + char)
        elif char == "\n":
            out.append("\\n")
        elif char == "\t":
            out.append("\\t")
        elif char.isprintable():
            out.append(char)
        else:
            out.append(f"\\U{ord(char):08x}")
    return '"' + "".join(out) + '"'


def _replace(text: str, front: Front, path: tuple[str, ...], node: yaml.Node, value: Scalar) -> tuple[int, int, str]:
    name = ".".join(path)
    if not isinstance(node, yaml.ScalarNode):
        raise ValueError(f"`{name}` holds more than one value")
    key = _key(front, path)
    old = _value(node, front.start)
    if key is not None and old.start < front.start + key.end_mark.index:
        raise ValueError(f"`{name}` is an alias of another value")
    flow = _in_flow(front, path[:-1])
    if old.style in {"|", ">"}:
        start = old.start
        return start, old.end, render_scalar(value, '"') + front.eol
    new = render_scalar(value, old.style, flow=flow)
    if old.start == old.end and text[old.start - 1 : old.start] == ":":
        new = " " + new
    return old.start, old.end, new


def _replace_all(
    text: str, front: Front, path: tuple[str, ...], node: yaml.Node, value: Scalar
) -> tuple[int, int, str]:
    """Replace a list or a mapping, to which nothing else refers, by one value."""
    key = _key(front, path)
    start = text.index(":", front.start + key.end_mark.index) + 1 if key is not None else 0
    end = front.start + _deep_end(node)
    if not text[start:end].strip() or "&" in text[start : start + 2]:
        raise ValueError(f"`{'.'.join(path)}` holds more than one value")
    return start, end, f" {render_scalar(value, flow=_in_flow(front, path[:-1]))}"


def _insert(
    text: str,
    front: Front,
    parent: yaml.Node | None,
    above: tuple[str, ...],
    below: tuple[str, ...],
    value: Scalar,
) -> tuple[int, int, str]:
    if parent is None or (isinstance(parent, yaml.MappingNode) and parent is front.root and not parent.flow_style):
        return front.end, front.end, _nested(below, value, 0, front.eol)
    if isinstance(parent, yaml.ScalarNode):
        if parent.tag.endswith(":null"):
            indent = 2 * len(above)
            at = front.start + parent.end_mark.index
            line_end = _line_end(text, at)
            return (
                line_end,
                line_end,
                front.eol + _nested(below, value, indent, front.eol).removesuffix(front.eol),
            )
        raise ValueError(f"`{'.'.join(above)}` is not a mapping")
    if not isinstance(parent, yaml.MappingNode):
        raise ValueError(f"`{'.'.join(above)}` is not a mapping")
    if parent.flow_style:
        if len(below) > 1:
            raise ValueError(f"`{'.'.join(above)}` is written in one line")
        close = front.start + parent.end_mark.index - 1
        glue = ", " if parent.value else ""
        return close, close, f"{glue}{render_scalar(below[0], flow=True)}: {render_scalar(value, flow=True)}"
    last_key, last_value = parent.value[-1]
    end = front.start + max(last_key.end_mark.index, _deep_end(last_value))
    at = (
        end
        if end > 0 and text[end - 1 : end] in {"\n", "\r"}
        else _line_end(text, end) + len(_eol_at(text, _line_end(text, end)))
    )
    return at, at, _nested(below, value, parent.value[0][0].start_mark.column, front.eol)


def _deep_end(node: yaml.Node) -> int:
    if isinstance(node, yaml.MappingNode) and node.value and not node.flow_style:
        return _deep_end(node.value[-1][1])
    if isinstance(node, yaml.SequenceNode) and node.value and not node.flow_style:
        return _deep_end(node.value[-1])
    return int(node.end_mark.index)


def _nested(path: tuple[str, ...], value: Scalar, indent: int, eol: str) -> str:
    lines = []
    for depth, key in enumerate(path[:-1]):
        lines.append(" " * (indent + 2 * depth) + f"{render_scalar(key)}:")
    lines.append(" " * (indent + 2 * (len(path) - 1)) + f"{render_scalar(path[-1])}: {render_scalar(value)}")
    return eol.join(lines) + eol


def _key(front: Front, path: tuple[str, ...]) -> yaml.Node | None:
    parent = front.node(*path[:-1])
    if not isinstance(parent, yaml.MappingNode):
        return None
    return next((k for k, _ in parent.value if getattr(k, "value", None) == path[-1]), None)


def _in_flow(front: Front, path: tuple[str, ...]) -> bool:
    return any(
        isinstance(n, yaml.MappingNode) and bool(n.flow_style)
        for n in (front.node(*path[:d]) for d in range(len(path) + 1))
    )


def _line_end(text: str, at: int) -> int:
    ends = [e for e in (text.find("\n", at), text.find("\r", at)) if e >= 0]
    return min(ends, default=len(text))


def _eol_at(text: str, at: int) -> str:
    return "\r\n" if text.startswith("\r\n", at) else text[at : at + 1]
