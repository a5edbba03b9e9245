"""The words of `--encoder`: what is accepted, and that nothing else is."""

from __future__ import annotations

import re
import shlex
import subprocess
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from inbetween.errors import UsageError
from inbetween.video import encoder_options, ffmpeg
from inbetween.video.encoder_options import OPTIONS, PARAMETERS, parse

NAMES = sorted({name for names in OPTIONS.values() for name in names} | PARAMETERS.keys())
HDR = "master-display=G(13250,34500)B(7500,3000)R(34000,16000)WP(15635,16450)L(10000000,50):max-cll=1000,400"


@pytest.mark.parametrize(
    "text",
    [
        "",
        "-crf 12 -preset slow",
        "-crf 0 -pix_fmt yuv444p10le",
        "-b:v 5.5M -maxrate 8M -bufsize 10000k -g 48 -bf 2",
        "-profile:v hq -pix_fmt yuv422p10le -vendor apl0",
        f"-crf 16 -x265-params aq-mode=3:no-sao=1:{HDR}",
        "-x264-params keyint=5:zones=0,10,q=20/11,20,b=0.5:deblock=-1,-1 -crf 9",
        "-x264-params 'psy_rd=1.0,0.15'",
        "-lossless 1",
        "-deadline best -cpu-used -1 -row-mt 1 -tile-columns 2",
        "-svtav1-params tune=0:film-grain=8 -preset 4",
        "-aom-params enable-qm=1:tune=ssim",
        "-color_primaries bt2020 -color_trc iec61966-2-1 -colorspace bt2020nc -color_range tv",
        "-tag:v hvc1 -level 4.1 -tier high",
        "-cq 19 -rc vbr -preset p7 -tune hq -spatial-aq 1 -b_ref_mode middle",
        "-q:v 65 -realtime 0 -allow_sw 1",
        "-deblock -1:-1 -psy-rd 1.0:0.15 -partitions p8x8,i4x4",
        "-sc_threshold 0 -keyint_min 5",
        "-crf:v:0 3",
    ],
)
def test_options_of_encoders_are_accepted(text: str) -> None:
    assert parse(text) == tuple(shlex.split(text))


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("-vstats_file diary.txt", "-vstats_file is not accepted"),
        ("-progress http://127.0.0.1:9/", "-progress is not accepted"),
        ("-attach id_rsa", "-attach is not accepted"),
        ("-crf 12 -report", "-report is not accepted"),
        ("-pass 1 -passlogfile X", "-pass is not accepted"),
        ("-stats_enc_pre X", "-stats_enc_pre is not accepted"),
        ("-vf drawtext=textfile=X", "-vf is not accepted"),
        ("-filter:v null", "-filter:v is not accepted"),
        ("-/crf X", "-/crf is not accepted"),
        ("-map 0 -i X", "-map is not accepted"),
        ("-init_hw_device cuda", "-init_hw_device is not accepted"),
        ("-protocol_whitelist file,http", "-protocol_whitelist is not accepted"),
        ("-x264opts stats=X", "-x264opts is not accepted"),
        ("-rc_eq " + "(" * 1000, "-rc_eq is not accepted"),
        ("-crf:a 3", "-crf:a is not accepted"),
        ("-x264-params:v crf=3", "-x264-params:v is not accepted"),
        ("-threads 8", "-threads is not accepted"),
        ("-crf 12 extra.mkv", "`extra.mkv` is the value of no option"),
        ("-crf 12 13", "`13` is the value of no option"),
        ("-lossless", "-lossless has no value"),
        ("-crf -vf", "`-vf` is not a value of -crf"),
        ("-preset extra.mkv", "`extra.mkv` is not a value of -preset"),
        ("-preset /etc/passwd", "is not a value of -preset"),
        ("-preset http://x", "is not a value of -preset"),
        ("-preset ''", "`` is not a value of -preset"),
        ("-flags -bitexact", "-flags is not accepted"),
        ("-x264-params stats=X:pass=1", "-x264-params has `stats`"),
        ("-x264-params crf=3:qpfile=X", "-x264-params has `qpfile`"),
        ("-x264-params threads=3", "-x264-params has `threads`"),
        ("-x264-params cqm=X", "-x264-params has `cqm`"),
        ("-x264-params opencl-clbin=X", "-x264-params has `opencl-clbin`"),
        ("-x264-params zones=0,1,stats=X", "is not a value of zones"),
        ("-x264-params crf=3=4", "is not a value of crf"),
        ("-x264-params \"crf='3:stats=X'\"", "is not a value of crf"),
        ("-x264-params crf=3\\\\:stats=X", "is not a value of crf"),
        ("-x264-params crf=3:", "-x264-params has ``"),
        ("-x265-params csv=X", "-x265-params has `csv`"),
        ("-x265-params analysis-save=X", "-x265-params has `analysis-save`"),
        ("-x265-params scaling-list=X", "-x265-params has `scaling-list`"),
        ("-x265-params pools=8", "-x265-params has `pools`"),
        ("-x265-params recon=X", "-x265-params has `recon`"),
        ("-svtav1-params fgs-table=X", "-svtav1-params has `fgs-table`"),
        ("-aom-params film-grain-table=X", "-aom-params has `film-grain-table`"),
        ("-b:v " + "(" * 1500, "is not a value of -b:v"),
        ("-x264-params crf=" + "(" * 1500, "is not a value of crf"),
        ("(" * 1999, "begins with"),
        ("-crf " + "(" * 100_000, "has 100005 characters"),
    ],
)
def test_everything_else_is_refused_by_its_name(text: str, message: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert message in caught.value.message
    assert caught.value.hint
    assert len(caught.value.message) < 200


@pytest.mark.parametrize(
    ("text", "hint"),
    [
        ("-crff 3", "did you mean `-crf`?"),
        ("-x265-params aq_modes=3", "did you mean `aq-mode`?"),
        ("-r 50", "--fps"),
        ("-s 64x48", "--size"),
        ("-t 3", "--duration"),
        ("-vcodec libx265", "--codec"),
        ("-attach X", "docs/run.md"),
    ],
)
def test_the_hint_says_what_to_write(text: str, hint: str) -> None:
    with pytest.raises(UsageError) as caught:
        parse(text)
    assert hint in caught.value.hint


WORDS = st.one_of(
    st.sampled_from([f"-{name}" for name in NAMES]),
    st.sampled_from(
        ["12", "slow", "-vf", "x.mkv", "crf=3", "crf=3:stats=X", "stats=X", "file:x", "a/b", "'", "\\", "("]
    ),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=8),
)


@given(st.lists(WORDS, max_size=8).map(" ".join) | st.text(max_size=40))
def test_whatever_is_written_no_file_and_no_address_comes_through(text: str) -> None:
    try:
        words = parse(text)
    except UsageError:
        return
    assert len(words) % 2 == 0
    for option, value in zip(words[::2], words[1::2], strict=True):
        assert re.sub(r":(v|v:0|0)$", "", option[1:]) in NAMES
        assert not re.search(r"[/\\'\"\s@~$]|\w:/", value) or "zones=" in value
        assert not re.search(r"\.[a-z]|:$|^:", value)
        if option[1:] in PARAMETERS:
            names = {one.partition("=")[0].replace("_", "-") for one in value.split(":")}
            assert names <= PARAMETERS[option[1:]] | {f"no-{name}" for name in PARAMETERS[option[1:]]}


def helped() -> str:
    """The help of ffmpeg for all its options."""
    words = [ffmpeg.executable(), "-hide_banner", "-h", "full"]
    return subprocess.run(words, capture_output=True, text=True, errors="replace", check=True).stdout


def test_ffmpeg_reads_a_value_after_each_of_them_and_none_is_a_file() -> None:
    """An option without a value would make the next word the name of an output."""
    text = helped()
    own = text.partition("AVOptions:")[0]
    with_value = set(re.findall(r"^-([\w-]+)(?:\[\S+\])? +<", own, re.MULTILINE))
    without = set(re.findall(r"^-([\w-]+)(?:\[\S+\])? +(?!<)", own, re.MULTILINE)) - with_value
    assert {"y", "report", "shortest"} <= without
    assert not without & set(NAMES)
    texts = set(re.findall(r"^ +-([\w-]+) +<string> +E", text, re.MULTILINE)) & set(NAMES)
    assert texts <= {"preset", "tune", "profile", "level", "psy-rd", "deblock", "partitions", "vendor"}


def test_the_page_lists_what_is_accepted() -> None:
    page = (Path(__file__).parents[2] / "docs" / "run.md").read_text("utf-8")
    listed = page.partition("## Options for the encoder")[2].partition("\n## ")[0]
    rows = dict(re.findall(r"^\| (.+?) \| (.+) \|$", listed, re.MULTILINE))
    for topic, names in OPTIONS.items():
        assert set(re.findall(r"`-([\w-]+)`", rows[topic])) == names, topic
    for option, names in PARAMETERS.items():
        assert set(re.findall(r"`([\w-]+)`", rows[f"`-{option}`"])) == names, option
    assert str(encoder_options.LONGEST) in listed
