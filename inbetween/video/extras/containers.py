"""What each kind of film file can hold besides the film itself, by ffmpeg's names of codecs. Standard library only."""

from __future__ import annotations

from dataclasses import dataclass

from inbetween.video.clip import Stream

LOSSLESS = ("flac", "alac", "wavpack", "truehd", "mlp", "tta")
"""Codecs of sound that lose nothing, besides PCM."""


@dataclass(frozen=True)
class Container:
    """What one kind of file can hold."""

    sounds: tuple[str, ...]
    """Codecs of sound that are copied without encoding them again; `pcm` is all kinds of PCM."""
    sound: str
    """The encoder for all other sound, and for sound that is stretched."""
    lossless: str
    """The encoder for sound that was lossless in the clip."""
    texts: tuple[str, ...]
    """Codecs of text subtitles that are copied. Other text subtitles are converted to the first of them."""
    pictures: tuple[str, ...] = ()
    """Codecs of subtitles drawn as pictures; these are copied, never converted."""
    files: bool = False
    """Whether fonts and other attachments can be held."""


CONTAINERS = {
    ".mp4": Container(("aac", "mp3", "ac3", "eac3", "alac", "opus", "flac"), "aac", "alac", ("mov_text",)),
    ".mov": Container(("aac", "mp3", "ac3", "eac3", "alac", "pcm"), "aac", "alac", ("mov_text",)),
    ".webm": Container(("opus", "vorbis"), "libopus", "libopus", ("webvtt",)),
    ".mkv": Container(
        ("aac", "mp3", "mp2", "ac3", "eac3", "dts", "alac", "opus", "vorbis", "flac", "truehd", "pcm"),
        "libopus",
        "flac",
        ("subrip", "srt", "ass", "ssa", "webvtt"),
        ("hdmv_pgs_subtitle", "pgssub", "dvd_subtitle", "dvdsub"),
        True,
    ),
}
"""By the file's suffix."""

_TEXTS = ("mov_text", "subrip", "srt", "ass", "ssa", "webvtt", "text")
_SAME = {"srt": "subrip", "ssa": "ass", "pgssub": "hdmv_pgs_subtitle", "dvdsub": "dvd_subtitle", "dca": "dts"}
"""The names of some decoders, and those of the codecs that they decode."""


def codec_of(stream: Stream) -> str:
    """ffmpeg's name of the stream's codec, where PyAV gives that of the decoder; "" if ffmpeg does not know it."""
    return _SAME.get(stream.codec, stream.codec)


def ways(container: Container, stream: Stream, may_copy_sound: bool) -> list[str]:
    """The ways in which a stream could go into the container, best first.

    Args:
        container: the kind of file that is written.
        stream: a stream of the clip.
        may_copy_sound: the film has all of the clip, at its own speed, so sound fits as it is.

    Returns:
        The encoder of each way, "" for copying the stream packet by packet; empty if there is no way.
    """
    codec = codec_of(stream)
    if stream.kind == "audio" and codec:
        is_pcm = codec.startswith("pcm")
        copied = may_copy_sound and ("pcm" if is_pcm else codec) in container.sounds
        lossless = is_pcm or codec in LOSSLESS
        # The lossy encoder too: ALAC has fewer channel layouts than AAC, and may refuse.
        return [""] * copied + [container.lossless] * lossless + [container.sound]
    if stream.kind == "subtitle":
        if codec in container.texts or codec in container.pictures:
            return [""]
        return [container.texts[0]] if codec in _TEXTS else []
    # A cover picture has the codec of a picture; a font has none that ffmpeg knows.
    return [""] if stream.kind == "attachment" and container.files and not stream.codec else []
