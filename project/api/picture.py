"""A landscape drawn from a title, so that the sample photos are real pictures without a camera."""

from __future__ import annotations

import hashlib
import math
import struct
import zlib
from dataclasses import dataclass
from functools import lru_cache

WIDTH, HEIGHT = 360, 240
HILLS = 4

Colour = tuple[float, float, float]


@dataclass(frozen=True, slots=True)
class Light:
    """The colours of one time of day."""

    zenith: Colour
    horizon: Colour
    sun: Colour
    far: Colour
    near: Colour


LIGHTS = (
    Light((78, 122, 186), (252, 214, 170), (255, 244, 214), (158, 160, 186), (38, 62, 74)),
    Light((64, 134, 208), (206, 230, 244), (255, 252, 236), (148, 182, 196), (34, 84, 66)),
    Light((62, 48, 104), (246, 148, 104), (255, 220, 158), (150, 92, 122), (38, 26, 54)),
    Light((14, 20, 46), (66, 84, 132), (238, 240, 226), (52, 66, 104), (10, 14, 28)),
    Light((142, 176, 190), (236, 232, 216), (255, 250, 238), (176, 186, 176), (70, 80, 58)),
)


@lru_cache(maxsize=32)
def draw(title: str) -> bytes:
    """Return a PNG of 360 by 240 pixels; the same title gives the same picture."""
    seed = hashlib.sha256(title.encode("utf-8", "surrogatepass")).digest()
    light = LIGHTS[seed[0] % len(LIGHTS)]
    ridges = [_ridge(seed, layer) for layer in range(HILLS)]
    sun = (WIDTH * (0.2 + 0.6 * seed[1] / 255), HEIGHT * (0.18 + 0.3 * seed[2] / 255))
    rows = [_row(y, light, ridges, sun, 12 + seed[3] % 14) for y in range(HEIGHT)]
    return _png(rows)


def _ridge(seed: bytes, layer: int) -> list[float]:
    """Return the height of the horizon of one row of hills, by column."""
    base = HEIGHT * (0.46 + 0.135 * layer)
    waves = [
        (
            HEIGHT * (0.1 - 0.018 * layer) / (order + 1) ** 1.15,
            (1.3 + seed[4 + layer * 5 + order] / 110) * (order + 1) * math.tau / WIDTH,
            seed[9 + layer * 5 + order] / 255 * math.tau,
        )
        for order in range(5)
    ]
    return [
        base - sum(size * math.sin(turn * x + phase) for size, turn, phase in waves)
        for x in range(WIDTH)
    ]


def _row(
    y: int, light: Light, ridges: list[list[float]], sun: tuple[float, float], radius: int
) -> bytes:
    sky = _mix(light.zenith, light.horizon, min(1.0, y / (HEIGHT * 0.62)))
    hills = [
        _mix(_mix(light.far, light.near, layer / (HILLS - 1)), light.horizon, 0.16 * y / HEIGHT)
        for layer in range(HILLS)
    ]
    nearest_first = [(ridges[n], _bytes(hills[n])) for n in reversed(range(HILLS))]
    row = bytearray()
    for x in range(WIDTH):
        for ridge, solid in nearest_first:
            if y >= ridge[x]:
                row += solid
                break
        else:
            row += _sky(sky, light, sun, radius, x, y)
    return bytes(row)


def _sky(sky: Colour, light: Light, sun: tuple[float, float], radius: int, x: int, y: int) -> bytes:
    distance = math.hypot(x - sun[0], y - sun[1])
    if distance <= radius:
        return _bytes(light.sun)
    glow = max(0.0, 1 - (distance - radius) / (radius * 6))
    return _bytes(_mix(sky, light.sun, 0.55 * glow * glow))


def _mix(one: Colour, other: Colour, share: float) -> Colour:
    return (
        one[0] + (other[0] - one[0]) * share,
        one[1] + (other[1] - one[1]) * share,
        one[2] + (other[2] - one[2]) * share,
    )


def _bytes(colour: Colour) -> bytes:
    return bytes(int(part) for part in colour)


def _png(rows: list[bytes]) -> bytes:
    """Return rows of 8-bit RGB as a PNG (ISO/IEC 15948 §5)."""
    header = struct.pack(">IIBBBBB", WIDTH, HEIGHT, 8, 2, 0, 0, 0)
    # Filter type 1 (Sub) makes smooth rows compress well.
    lines = b"".join(b"\x01" + _sub(row) for row in rows)
    chunks = ((b"IHDR", header), (b"IDAT", zlib.compress(lines, 9)), (b"IEND", b""))
    return b"\x89PNG\r\n\x1a\n" + b"".join(_chunk(name, data) for name, data in chunks)


def _sub(row: bytes) -> bytes:
    return bytes((here - before) & 255 for here, before in zip(row, b"\0\0\0" + row, strict=False))


def _chunk(name: bytes, data: bytes) -> bytes:
    checksum = struct.pack(">I", zlib.crc32(name + data))
    return struct.pack(">I", len(data)) + name + data + checksum
