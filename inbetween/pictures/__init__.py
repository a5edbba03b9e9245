"""Still pictures: read, written, resized, and brought to one depth and number of channels."""

from inbetween.pictures.fit import fit
from inbetween.pictures.formats import flattened, like, to_8_bit, unify
from inbetween.pictures.header import MAX_PIXELS, SIDE_LIMIT, Header, header
from inbetween.pictures.read import read
from inbetween.pictures.write import WRITABLE, encode

__all__ = [
    "MAX_PIXELS",
    "SIDE_LIMIT",
    "WRITABLE",
    "Header",
    "encode",
    "fit",
    "flattened",
    "header",
    "like",
    "read",
    "to_8_bit",
    "unify",
]
