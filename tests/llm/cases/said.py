"""What is said in many cases: texts that are hard to get right, media that are small, tools."""

from __future__ import annotations

import base64
import struct
import zlib
from typing import Any, Final

QUESTION: Final = "What is the weather in Oslo?"
ANSWER: Final = "It rains in Oslo, and it is 7 °C."
BE_BRIEF: Final = "You are a weatherman. Be brief."

#: Emoji outside the BMP, joined ones, combining accents, text from right to left, control characters, what JSON escapes.
ODD_QUESTION: Final = "Wie spät ist es? 🕰️ مرحبا"
ODD_ANSWER: Final = 'Zeit: 12:30 👩‍👩‍👧‍👦 "quoted" \\ back\tslash, é = é, שלום עולם, 𠮷𝄞 🏴󠁧󠁢󠁳󠁣󠁴󠁿 日本語\nlast line'

#: 50 KB.
LONG: Final = "".join(f"Sentence {number:04d} says no more than this does. " for number in range(1080))

THOUGHT: Final = "The user asks for the weather. I know it from the tool."


def _png() -> bytes:
    """An image of one pixel."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    # Not compressed, so that it is the same whatever compresses it.
    pixel = b"\x00\xff\x00\x00"
    stored = b"\x78\x01\x01" + struct.pack("<HH", len(pixel), len(pixel) ^ 0xFFFF) + pixel
    data = stored + struct.pack(">I", zlib.adler32(pixel))
    header = struct.pack(">IIBBBBB", 1, 1, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", data) + chunk(b"IEND", b"")


PNG: Final = _png()
PNG_BASE64: Final = base64.b64encode(PNG).decode("ascii")
PNG_URL: Final = f"data:image/png;base64,{PNG_BASE64}"

#: A tenth of a millisecond of silence.
WAV: Final = (
    b"RIFF" + struct.pack("<I", 38) + b"WAVEfmt " + struct.pack("<IHHIIHH", 16, 1, 1, 8000, 16000, 2, 16)
) + b"data\x02\x00\x00\x00\x00\x00"
WAV_BASE64: Final = base64.b64encode(WAV).decode("ascii")

PDF: Final = b"%PDF-1.4\n1 0 obj<</Type/Catalog>>endobj\ntrailer<</Root 1 0 R>>\n%%EOF\n"
PDF_BASE64: Final = base64.b64encode(PDF).decode("ascii")

#: JSON Schema of what the tool ``weather`` takes.
CITY: Final[dict[str, Any]] = {
    "type": "object",
    "properties": {"city": {"type": "string"}},
    "required": ["city"],
}
