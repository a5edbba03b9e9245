"""The options of `--encoder`: the ones that are accepted, and their values. Standard library only.

ffmpeg has options that read, replace or send files, and records of films come from strangers. Accepted are therefore
only options of encoders, by a list; none of them has a file's name as its value. docs/run.md has the same list for
users.
"""

from __future__ import annotations

import difflib
import re
import shlex
from collections.abc import Collection, Mapping

from inbetween.errors import UsageError

LONGEST = 2000
"""The most characters of `--encoder`. A choice; the longest that is known to be useful, for HDR, has 300."""


def _names(text: str) -> frozenset[str]:
    return frozenset(text.split())


OPTIONS: Mapping[str, frozenset[str]] = {
    "quality": _names(
        "crf crf_max cq qp q qscale global_quality quality lossless compression_level qmin qmax qdiff qcomp qblur "
        "trellis bits_per_mb quant_mat alpha_bits alpha_quality pred"
    ),
    "rate": _names(
        "b bt maxrate minrate bufsize rc rc_init_occupancy rc_mode rate_control nal-hrd undershoot-pct overshoot-pct "
        "minsection-pct maxsection-pct max-intra-rate constant_bit_rate"
    ),
    "speed and tuning": _names(
        "preset tune tune-content deadline speed cpu-used usage lag-in-frames rc-lookahead rc_lookahead row-mt tiles "
        "tile-columns tile-rows frame-parallel multipass look_ahead look_ahead_depth low_power realtime prio_speed "
        "power_efficient allow_sw require_sw hw_encoding gpu"
    ),
    "format": _names("c codec tag pix_fmt profile level tier strict coder"),
    "group of pictures": _names(
        "g keyint_min bf sc_threshold no-scenecut refs b_strategy b-pyramid b-bias b_adapt b_ref_mode forced-idr "
        "strict_gop nonref_p intra-refresh auto-alt-ref min-gf-interval"
    ),
    "colour": _names("color_primaries color_trc colorspace color_range chroma_sample_location"),
    "methods": _names(
        "aq-mode aq-strength spatial-aq spatial_aq temporal-aq psy psy-rd mbtree weightb weightp weighted_pred "
        "mixed-refs 8x8dct fast-pskip aud deblock cplxblur partitions direct-pred me_method motion-est me_range subq "
        "chromaoffset noise_reduction noise-sensitivity sharpness static-thresh arnr-maxframes arnr-max-frames "
        "arnr-strength arnr-type enable-tpl enable-cdef enable-restoration enable-intrabc enable-palette "
        "enable-global-motion denoise-noise-level denoise-block-size bluray-compat avcintra-class zerolatency "
        "init_qpI init_qpP init_qpB mbd cmp subcmp slices slicecrc context qtable vendor mbs_per_slice cr_threshold "
        "cr_size loopfilter"
    ),
}
"""The names of the accepted options, by what they are about. Any of them may end in `:v`."""
RATES = frozenset({"b", "qp", "lossless"})
"""Options that say how large or how good a film is and are not obeyed beside -crf."""

_MASTERING = {"master-display", "mastering-display"}
PARAMETERS: Mapping[str, frozenset[str]] = {
    "x264-params": _names(
        "8x8dct alternative-transfer aq-mode aq-strength aud avcintra-class b-adapt b-bias b-pyramid bframes bitrate "
        "bluray-compat cabac chroma-me chroma-qp-offset chromaloc cll colormatrix colorprim constrained-intra cplxblur "
        "crf crf-max dct-decimate deadzone-inter deadzone-intra deblock direct fast-pskip filler force-cfr fullrange "
        "intra-refresh ipratio keyint level mastering-display mbtree me merange min-keyint mixed-refs mvrange nal-hrd "
        "nr open-gop overscan partitions pbratio pic-struct psy psy-rd qblur qcomp qp qpmax qpmin qpstep range ratetol "
        "rc-lookahead ref scenecut slice-max-size slices subme transfer trellis vbv-bufsize vbv-init vbv-maxrate "
        "videoformat weightb weightp zones"
    ),
    "x265-params": _names(
        "amp aq-mode aq-motion aq-strength atc-sei aud b-adapt b-intra b-pyramid bframe-bias bframes bitrate cbqpoffs "
        "chromaloc colormatrix colorprim constrained-intra crf crf-max crf-min crqpoffs ctu cu-lossless cutree deblock "
        "dynamic-rd early-skip eob fast-intra gop-lookahead hdr hdr-opt hdr10 hdr10-opt hevc-aq high-tier "
        "hist-scenecut hrd idr-recovery-sei intra-refresh ipratio keyint level-idc limit-modes limit-refs limit-sao "
        "limit-tu lookahead-slices lossless master-display max-cll max-merge max-tu-size me merange min-cu-size "
        "min-keyint nr-inter nr-intra open-gop overscan pbratio pic-struct psy-rd psy-rdoq qcomp qg-size qp qpmax "
        "qpmin qpstep radl range rc-lookahead rd rd-refine rdoq-level rdpenalty rect ref repeat-headers rskip "
        "rskip-edge-threshold sao sao-non-deblock scenecut scenecut-bias selective-sao signhide slices splitrd-skip "
        "strict-cbr strong-intra-smoothing subme temporal-mvp transfer tskip tskip-fast tu-inter-depth tu-intra-depth "
        "uhd-bd vbv-bufsize vbv-end vbv-init vbv-maxrate videoformat weightb weightp zones"
    ),
    "svtav1-params": _names(
        "ac-bias aq-mode buf-initial-sz buf-optimal-sz buf-sz chroma-qm-max chroma-qm-min chroma-sample-position "
        "color-primaries color-range content-light crf enable-cdef enable-dlf enable-mfmv enable-overlays enable-qm "
        "enable-restoration enable-tf enable-tpl-la enable-variance-boost fast-decode film-grain film-grain-denoise "
        "gop-constraint-rc hierarchical-levels irefresh-type keyint level lookahead luminance-qp-bias "
        "mastering-display matrix-coefficients max-qp mbr mbr-over-shoot-pct min-qp noise-norm-strength overshoot-pct "
        "pred-struct preset profile psy-rd qm-max qm-min qp rc scd scm sharpness tbr tf-strength tier tile-columns "
        "tile-rows transfer-characteristics tune undershoot-pct variance-boost-curve variance-boost-strength "
        "variance-octile"
    ),
    "aom-params": _names(
        "aq-mode arnr-maxframes arnr-strength auto-alt-ref chroma-sample-position coeff-cost-upd-freq color-primaries "
        "cpu-used cq-level deltaq-mode deltaq-strength denoise-block-size denoise-noise-level disable-trellis-quant "
        "enable-cdef enable-chroma-deltaq enable-dnl-denoising enable-fwd-kf enable-intrabc enable-keyframe-filtering "
        "enable-palette enable-qm enable-restoration enable-tpl-model film-grain-test frame-parallel "
        "gf-max-pyr-height gf-min-pyr-height loopfilter-control lossless matrix-coefficients max-gf-interval "
        "min-gf-interval mode-cost-upd-freq mv-cost-upd-freq qm-max qm-min quant-b-adapt row-mt sb-size sharpness "
        "target-seq-level-idx tile-columns tile-rows transfer-characteristics tune tune-content"
    ),
}
"""Options whose value is a list of parameters `a=1:b=2` of an encoder, with the names that are accepted in the list."""

# A number or a name. What begins with "-" has to be a number: else it is an option in the place of a value.
_ITEM = r"(?:-(?=\d)|\+)?(?:\d+\.\d+\w*|\w+(?:[+-]\w+)*)"
_VALUE = re.compile(_ITEM, re.ASCII)
_LIST = re.compile(rf"{_ITEM}(?:,{_ITEM})*", re.ASCII)
_NUMBERS = re.compile(r"[-+]?\d+(?:\.\d+)?(?:[,:][-+]?\d+(?:\.\d+)?)*", re.ASCII)
_ZONE = r"\d+,\d+,[bq]=\d+(?:\.\d+)?"
_SPECIAL = {
    "deblock": _NUMBERS,
    "psy-rd": _NUMBERS,
    "partitions": _LIST,
}
"""The values of options that accept more than a name or a number, or only numbers."""
_SPECIAL_PARAMETERS = {
    "zones": re.compile(rf"{_ZONE}(?:/{_ZONE})*", re.ASCII),
    **dict.fromkeys(_MASTERING, re.compile(r"(?:[A-Z]{1,2}\([\d.,]+\))+", re.ASCII)),
}
_SPECIFIER = re.compile(r"(?::v(?::0)?|:0)\Z")
"""The ends of an option's name that say for which stream it is: a film has one."""

_ALL = {name for names in OPTIONS.values() for name in names} | PARAMETERS.keys()
_WHERE = "accepted are options of encoders, such as -crf, -b:v, -preset, -tune, -pix_fmt and -g; all are in docs/run.md"
_OWN = {
    "threads": "leave it out: the number of threads decides the bytes of a film, and is always the same",
    "flags": "leave it out: flags decide whether the same frames give the same bytes on every machine",
    "vcodec": "the encoder is chosen with --codec",
    "f": "the kind of file is chosen by the suffix of -o",
    **dict.fromkeys(("r", "fpsmax", "fps_mode", "vsync"), "the frame rate is set with --fps"),
    **dict.fromkeys(("s", "aspect"), "the size is set with --size and --fit"),
    **dict.fromkeys(("t", "to", "frames", "vframes"), "the length is set with --duration and -n"),
}
"""Hints for options that something else stands for, by their names."""


def parse(text: str) -> tuple[str, ...]:
    """The value of `--encoder` as arguments for ffmpeg: pairs of an option and its value, all of them accepted.

    The time that it takes grows in proportion to the length of the text.

    Raises:
        UsageError: the text is too long, a quote is not closed, an option is not on the list, has no value or a value
            that no option of an encoder has.
    """
    if len(text) > LONGEST:
        raise UsageError(f"--encoder has {len(text)} characters, more than {LONGEST}", _WHERE)
    try:
        words = tuple(shlex.split(text))
    except ValueError:
        raise UsageError(
            f"--encoder {_short(text)} has a quote that is not closed", "close it, or write it as \\' or \\\""
        ) from None
    if words and not words[0].startswith("-"):
        # ffmpeg would read it as the name of one more file to write.
        raise UsageError(f"--encoder begins with `{_short(words[0])}`", 'begin with an option: --encoder "-crf 12"')
    for at in range(0, len(words), 2):
        _check(words[at], words[at + 1 : at + 2])
    return words


def name_of(option: str) -> str:
    """The name of an option, without the dash and without the end that says for which stream it is."""
    return _SPECIFIER.sub("", option[1:])


def _check(option: str, value: tuple[str, ...]) -> None:
    """Refuse an option that is not accepted, or whose value is not. value: one word, or none at the end of the text."""
    if not option.startswith("-"):
        raise UsageError(
            f"--encoder: `{_short(option)}` is the value of no option",
            "write each option with one value, as in -crf 12; the output is named with -o",
        )
    name = name_of(option)
    # A list of parameters is added to ours, which is found by its whole name.
    if name not in _ALL or (name in PARAMETERS and option != f"-{name}"):
        raise _refused(option)
    if not value:
        raise UsageError(f"--encoder: {option} has no value", f"write one: {option} 1")
    if name in PARAMETERS:
        _check_parameters(option, value[0], PARAMETERS[name])
    elif not _SPECIAL.get(name, _VALUE).fullmatch(value[0]):
        raise _no_value(option, value[0])


def _check_parameters(option: str, text: str, known: Collection[str]) -> None:
    """Refuse a list of parameters that has one that is not accepted."""
    for one in text.split(":"):
        name, equals, value = one.partition("=")
        if not equals:
            raise UsageError(f"--encoder: {option} has `{_short(one)}`", f"write it as a list: {option} a=1:b=2")
        # x264 and x265 accept both spellings, and a "no-" before what is on or off.
        plain = name.replace("_", "-")
        plain = plain if plain in known else plain.removeprefix("no-")
        if plain not in known:
            raise UsageError(
                f"--encoder: {option} has `{_short(name)}`, which is not accepted",
                _near(plain, known) or "accepted are parameters that name no file and no thread: docs/run.md",
            )
        if not _SPECIAL_PARAMETERS.get(plain, _LIST).fullmatch(value):
            raise _no_value(f"{name} in {option}", value)


def _refused(option: str) -> UsageError:
    base = option[1:].partition(":")[0]
    hint = _OWN.get(base) or _near(base, _ALL, "-") or _WHERE
    return UsageError(f"--encoder: {_short(option)} is not accepted", hint)


def _near(name: str, known: Collection[str], dash: str = "") -> str:
    """A hint that offers the nearest name; empty where none is near."""
    near = difflib.get_close_matches(name[:40], sorted(known), n=1, cutoff=0.8)
    return f"did you mean `{dash}{near[0]}`?" if near else ""


def _no_value(what: str, value: str) -> UsageError:
    return UsageError(
        f"--encoder: `{_short(value)}` is not a value of {what}",
        "give a number such as 12, 2.5 or 5M, or a name such as slow: no file, address or formula",
    )


def _short(word: str) -> str:
    """The word, or its beginning if it is long, for messages."""
    return word if len(word) <= 40 else f"{word[:40]}…"
