"""A plot of wall time over rows, as SVG for docs/."""

import math
from collections.abc import Sequence
from pathlib import Path

PLOT = Path(__file__).resolve().parent.parent / "docs" / "growth.svg"
_WIDTH, _HEIGHT, _EDGE = 640, 400, 60
_STYLE = 'font-family="sans-serif" font-size="13" fill="#222"'


def plot(found: Sequence[tuple[int, float]]) -> str:
    """(rows, seconds) on logarithmic axes, beside a straight line of exponent 1."""
    across = [math.log10(rows) for rows, _ in found]
    up = [math.log10(seconds) for _, seconds in found]
    low_x, high_x = math.floor(min(across)), math.ceil(max(across))
    low_y, high_y = math.floor(min(up)), math.ceil(max(up))

    def at(x: float, y: float) -> tuple[float, float]:
        return (
            _EDGE + (x - low_x) / (high_x - low_x) * (_WIDTH - 2 * _EDGE),
            _HEIGHT - _EDGE - (y - low_y) / (high_y - low_y) * (_HEIGHT - 2 * _EDGE),
        )

    lines = [
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {_WIDTH} {_HEIGHT}" role="img">',
        "<title>Wall time of linking over rows, logarithmic</title>",
        f'<rect width="{_WIDTH}" height="{_HEIGHT}" fill="#fff"/>',
    ]
    for tick in range(low_x, high_x + 1):
        left, _ = at(tick, low_y)
        lines.append(
            f'<text x="{left:.0f}" y="{_HEIGHT - _EDGE + 20}" text-anchor="middle" {_STYLE}>{10**tick:,}</text>'
        )
    for tick in range(low_y, high_y + 1):
        _, top = at(low_x, tick)
        lines.append(f'<text x="{_EDGE - 8}" y="{top + 4:.0f}" text-anchor="end" {_STYLE}>{10**tick:g} s</text>')
        lines.append(f'<path d="M{_EDGE} {top:.1f}H{_WIDTH - _EDGE}" stroke="#ddd"/>')
    even = [at(x, up[0] + x - across[0]) for x in (across[0], across[-1])]
    lines.append(_path(even, "#999", ' stroke-dasharray="5 4"'))
    lines.append(_path([at(x, y) for x, y in zip(across, up, strict=True)], "#1d4f5c", ""))
    for (_, seconds), x, y in zip(found, across, up, strict=True):
        left, top = at(x, y)
        lines.append(f'<circle cx="{left:.1f}" cy="{top:.1f}" r="4" fill="#1d4f5c"/>')
        lines.append(f'<text x="{left + 8:.0f}" y="{top + 16:.0f}" {_STYLE}>{seconds:.0f} s</text>')
    lines.append(
        f'<text x="{_WIDTH / 2}" y="{_HEIGHT - 12}" text-anchor="middle" {_STYLE}>rows (dashed: exponent 1)</text>'
    )
    return "\n".join([*lines, "</svg>\n"])


def _path(points: list[tuple[float, float]], colour: str, more: str) -> str:
    steps = " L".join(f"{x:.1f} {y:.1f}" for x, y in points)
    return f'<path d="M{steps}" fill="none" stroke="{colour}" stroke-width="2"{more}/>'
