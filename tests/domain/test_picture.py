from __future__ import annotations

import struct
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.domain.picture import Picture, PictureError, identify


def png(width: int = 56, height: int = 40) -> bytes:
    return b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + struct.pack(">II", width, height) + b"\x08\x06"


def gif(width: int = 56, height: int = 40) -> bytes:
    return b"GIF89a" + struct.pack("<HH", width, height)


def jpeg(width: int = 56, height: int = 40) -> bytes:
    comment = b"\xff\xfe\x00\x06abcd"
    frame = b"\xff\xc2\x00\x11\x08" + struct.pack(">HH", height, width)
    return b"\xff\xd8" + comment + b"\xff" + frame


def webp(kind: bytes, rest: bytes) -> bytes:
    return b"RIFF\x00\x00\x00\x00WEBP" + kind + b"\x00\x00\x00\x00" + rest


LOSSY = webp(b"VP8 ", b"\x00\x00\x00\x9d\x01\x2a" + struct.pack("<HH", 56, 40))
LOSSLESS = webp(b"VP8L", b"\x2f" + struct.pack("<I", 55 | 39 << 14))
EXTENDED = webp(b"VP8X", b"\x00\x00\x00\x00" + b"\x37\x00\x00" + b"\x27\x00\x00")


@pytest.mark.parametrize(
    ("content", "content_type"),
    [
        (png(), "image/png"),
        (gif(), "image/gif"),
        (jpeg(), "image/jpeg"),
        (LOSSY, "image/webp"),
        (LOSSLESS, "image/webp"),
        (EXTENDED, "image/webp"),
    ],
)
def test_raster_pictures_are_known_by_their_bytes(content: bytes, content_type: str) -> None:
    assert identify(content) == Picture(content_type, 56, 40)


@pytest.mark.parametrize(
    ("content", "code"),
    [
        (b"<svg xmlns='http://www.w3.org/2000/svg'/>", "logo_format"),
        (b"<html>", "logo_format"),
        (b"", "logo_format"),
        (b"\x00\x00\x01\x00 an icon", "logo_format"),
        (png()[:20], "logo_format"),
        (b"\xff\xd8\xff\xd9", "logo_format"),
        (png(0, 5), "logo_size"),
        (png(5, 100_000), "logo_size"),
        (gif(1025, 5), "logo_size"),
    ],
)
def test_anything_else_is_refused(content: bytes, code: str) -> None:
    with pytest.raises(PictureError) as caught:
        identify(content)

    assert caught.value.code == code


@given(st.sampled_from([png(), gif(), jpeg(), LOSSY, EXTENDED, b"\xff\xd8\xff"]), st.binary())
def test_broken_pictures_are_refused_and_never_crash(start: bytes, noise: bytes) -> None:
    for content in (start[:6] + noise, start[:16] + noise, start + noise):
        with suppress(PictureError):
            identify(content)
