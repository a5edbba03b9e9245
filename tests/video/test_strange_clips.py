"""Clips of strangers: odd tags, unknown codecs, and files that would have others opened."""

from __future__ import annotations

import json
import os
import socket
import struct
import subprocess
from collections.abc import Iterator
from pathlib import Path

import av
import pytest

from inbetween.video import ffmpeg
from support.commands import Command
from support.ffmpeg_clips import Make

X264 = ("-c:v", "libx264", "-preset", "ultrafast")
LATIN = b"Caf\xe9 \xff \x80"
"""Latin-1, and bytes that are no text at all."""
CHAPTERS = b";FFMETADATA1\ntitle=%s\nartist=%s\n[CHAPTER]\nTIMEBASE=1/1000\nSTART=0\nEND=200\ntitle=%s\n"


@pytest.fixture
def plain(make: Make) -> Path:
    return make("plain.mp4", "testsrc2=s=64x48:r=25:d=0.2", *X264)


def tagged(plain: Path, name: str) -> Path:
    """A clip whose tags, of the file, its streams and its chapter, are not UTF-8."""
    facts, out = plain.parent / "facts", plain.parent / name
    facts.write_bytes(CHAPTERS % (LATIN, LATIN, LATIN))
    words: list[str | bytes] = [ffmpeg.executable(), "-v", "error", "-i", str(plain), "-f", "ffmetadata"]
    words += [
        "-i",
        str(facts),
        "-f",
        "lavfi",
        "-t",
        "0.2",
        "-i",
        "sine",
        "-map",
        "0",
        "-map",
        "2",
        "-map_metadata",
        "1",
    ]
    words += ["-c:v", "copy", "-metadata:s:v", b"title=" + LATIN, "-metadata:s:a", b"title=" + LATIN, str(out)]
    subprocess.run(words, check=True)
    assert LATIN in out.read_bytes()
    return out


@pytest.mark.parametrize("name", ["clip.mp4", "clip.mov", "clip.mkv", "clip.avi"])
def test_tags_that_are_not_utf8(inside: Command, plain: Path, name: str) -> None:
    ran = inside("slowmo", tagged(plain, name), "--factor", 2, "-o", "out.mkv", "--json")
    assert ran.code == 0, ran.err
    assert json.loads(ran.out)["made"] is True
    with av.open(str(plain.parent / "out.mkv")) as film:
        assert film.metadata["title"].startswith("Caf\ufffd")
        assert film.streams.audio


@pytest.mark.parametrize("words", [("bench", "{}", "--gaps", "1", "--no-vmaf"), ("compare", "{}", "{}", "-o", "c.mkv")])
def test_every_command_reads_them(inside: Command, plain: Path, words: tuple[str, ...]) -> None:
    clip = tagged(plain, "clip.mkv")
    ran = inside(*(word.format(clip) for word in words))
    assert ran.code == 0, ran.err


@pytest.fixture
def port() -> Iterator[socket.socket]:
    """A port of this machine that somebody could call."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        server.setblocking(False)
        yield server


HLS = "#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\n{}\n#EXT-X-ENDLIST\n"
DASH = (
    '<?xml version="1.0"?><MPD xmlns="urn:mpeg:dash:schema:mpd:2011" type="static" mediaPresentationDuration="PT1S">'
    '<Period><AdaptationSet mimeType="video/mp4"><Representation id="1" bandwidth="1"><BaseURL>{}</BaseURL>'
    "<SegmentBase/></Representation></AdaptationSet></Period></MPD>"
)
SDP = "v=0\no=- 0 0 IN IP4 127.0.0.1\ns=x\nc=IN IP4 127.0.0.1\nt=0 0\nm=video 5004 RTP/AVP 96\na=rtpmap:96 H264/90000\n"
TEXTS = {
    "hls": HLS,
    "concat": "ffconcat version 1.0\nfile '{}'\n",
    "dash": DASH,
    "sdp": SDP,
    "asx": '<asx version="3.0"><entry><ref href="{}"/></entry></asx>',
    "reference": "[Reference]\nRef1={}\n",
    "rtsp": "RTSPtext\n{}\n",
    "list": "{}\n",
    "imf": '<?xml version="1.0"?><CompositionPlaylist><Asset>{}</Asset></CompositionPlaylist>',
    "svg": '<svg xmlns="http://www.w3.org/2000/svg" width="64" height="48"><image href="{}"/></svg>',
}


@pytest.mark.parametrize("suffix", [".mp4", ".m3u8"])
@pytest.mark.parametrize("kind", TEXTS)
def test_a_text_under_the_name_of_a_film(
    inside: Command, plain: Path, port: socket.socket, kind: str, suffix: str
) -> None:
    for target in (f"http://127.0.0.1:{port.getsockname()[1]}/x.mp4", str(plain), "%d.png"):
        clip = plain.parent / f"clip{suffix}"
        clip.write_text(TEXTS[kind].format(target))
        for words in (("slowmo", clip, "--factor", 2, "-o", "o.mkv"), ("bench", clip, "--gaps", "1", "--no-vmaf")):
            ran = inside(*words)
            assert ran.code == 1
            assert "cannot be read as a clip" in ran.problem[0]
    with pytest.raises(BlockingIOError):
        port.accept()


def box(kind: bytes, payload: bytes) -> bytes:
    return struct.pack(">I", len(payload) + 8) + kind + payload


def put(data: bytes, path: tuple[bytes, ...], payload: bytes) -> bytes:
    """The boxes of an MP4 with another payload for the first box at this path."""
    out, at, done = b"", 0, False
    while at < len(data):
        size, kind = struct.unpack(">I4s", data[at : at + 8])
        inner = data[at + 8 : at + size]
        if kind == path[0] and not done:
            inner, done = put(inner, path[1:], payload) if path[1:] else payload, True
        out, at = out + box(kind, inner), at + size
    assert done
    return out


def test_an_mp4_whose_frames_lie_in_another_file(inside: Command, plain: Path) -> None:
    other = os.fsencode(plain)[1:].replace(b"/", b":")
    alias = bytes(10 + 1 + 27 + 12) + b"\x05plain".ljust(64, b"\0") + bytes(16) + bytes(4) + bytes(16)
    alias += struct.pack(">HH", 2, len(other) + 1) + b":" + other + b"\0" * (len(other) % 2 == 0) + b"\xff\xff\0\0"
    dref = bytes(4) + struct.pack(">I", 1) + box(b"alis", bytes(4) + alias.ljust(160, b"\0"))
    clip = plain.parent / "clip.mov"
    clip.write_bytes(put(plain.read_bytes(), (b"moov", b"trak", b"mdia", b"minf", b"dinf", b"dref"), dref))
    followed = {"enable_drefs": "1", "use_absolute_path": "1"}
    with av.open(str(clip), options=followed) as container:
        # ffmpeg would follow it, if it was asked to.
        assert len(list(container.decode(video=0))) == 5
    ran = inside("slowmo", clip, "--factor", 2, "-o", "o.mkv")
    assert ran.code == 1
    assert ran.problem


@pytest.mark.parametrize(("name", "codec"), [("c.mkv", b"V_MPEG4/ISO/AVC"), ("c.mp4", b"avc1")])
def test_a_codec_that_nobody_knows(inside: Command, make: Make, name: str, codec: bytes) -> None:
    clip = make(name, "testsrc2=s=64x48:r=25:d=0.2", *X264)
    data = clip.read_bytes()
    assert codec in data
    clip.write_bytes(data.replace(codec, codec[:-2] + b"zq"))
    for words in (("slowmo", clip, "--factor", 2, "-o", "o.mkv"), ("bench", clip, "--gaps", "1", "--no-vmaf")):
        ran = inside(*words)
        assert ran.code == 1
        assert "does not know the codec" in ran.problem[0]
