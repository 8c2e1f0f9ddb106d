"""Pictures as bytes: which of a few raster formats they are, and how large; nothing is drawn.

No SVG, which is a program; no format that some browser knows and another does not.
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

LARGEST_SIDE = 1024
"""Pixels; a picture of few bytes can be one of many gigabytes once it is drawn."""

_JPEG_FRAMES = frozenset(range(0xC0, 0xD0)) - {0xC4, 0xC8, 0xCC}
_JPEG_BARE = frozenset({0x01, *range(0xD0, 0xD8)})


class PictureError(ValueError):
    """The bytes are no picture that may be shown; ``code`` is ``logo_format`` or ``logo_size``."""

    def __init__(self, code: str) -> None:
        super().__init__(code)
        self.code = code


@dataclass(frozen=True, slots=True)
class Picture:
    """What a picture is.

    Attributes:
        content_type: media type, by its bytes alone.
        width, height: pixels.
    """

    content_type: str
    width: int
    height: int


def identify(content: bytes) -> Picture:
    """Return what a picture is, whatever its sender called it.

    Raises:
        PictureError: it is no PNG, JPEG, WebP or GIF, or a side is 0 or too long.

    Source: PNG §5.2, §11.2.1; GIF89a §17-18; JPEG (ITU T.81) Annex B; RFC 9649 §2.5-2.7.
    """
    for content_type, read in _READERS.items():
        try:
            size = read(content)
        except (struct.error, IndexError):
            size = None
        if size is not None:
            width, height = size
            if not (0 < width <= LARGEST_SIDE and 0 < height <= LARGEST_SIDE):
                raise PictureError("logo_size")
            return Picture(content_type, width, height)
    raise PictureError("logo_format")


def _png(content: bytes) -> tuple[int, int] | None:
    if not content.startswith(b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"):
        return None
    width, height = struct.unpack_from(">II", content, 16)
    return width, height


def _gif(content: bytes) -> tuple[int, int] | None:
    if content[:6] not in (b"GIF87a", b"GIF89a"):
        return None
    width, height = struct.unpack_from("<HH", content, 6)
    return width, height


def _webp(content: bytes) -> tuple[int, int] | None:
    if content[:4] != b"RIFF" or content[8:12] != b"WEBP":
        return None
    kind = content[12:16]
    if kind == b"VP8X":
        low = struct.unpack_from("<HBHB", content, 24)
        return (low[0] | low[1] << 16) + 1, (low[2] | low[3] << 16) + 1
    if kind == b"VP8L" and content[20] == 0x2F:
        (bits,) = struct.unpack_from("<I", content, 21)
        return (bits & 0x3FFF) + 1, (bits >> 14 & 0x3FFF) + 1
    if kind == b"VP8 " and content[23:26] == b"\x9d\x01\x2a":
        width, height = struct.unpack_from("<HH", content, 26)
        return width & 0x3FFF, height & 0x3FFF
    return None


def _jpeg(content: bytes) -> tuple[int, int] | None:
    if content[:3] != b"\xff\xd8\xff":
        return None
    at = 2
    while content[at] == 0xFF:
        marker = content[at + 1]
        if marker in _JPEG_FRAMES:
            height, width = struct.unpack_from(">HH", content, at + 5)
            return width, height
        if marker == 0xFF:
            at += 1
        elif marker in _JPEG_BARE:
            at += 2
        else:
            (length,) = struct.unpack_from(">H", content, at + 2)
            at += 2 + length
    return None


_READERS = {"image/png": _png, "image/jpeg": _jpeg, "image/webp": _webp, "image/gif": _gif}
