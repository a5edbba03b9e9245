"""Opening files with PyAV so that they open nothing else: no other file, no port, no address."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from av.container import InputContainer

FORMATS = (
    "mov,matroska,avi,mpegts,mpegtsraw,mpeg,mpegvideo,flv,live_flv,kux,ogg,gif,apng,asf,asf_o,mxf,nut,nuv,ivf,ivr,rm,"
    "yuv4mpegpipe,h261,h263,h264,hevc,vvc,evc,m4v,av1,obu,vc1,vc1test,dnxhd,dirac,cavsvideo,avs2,avs3,apv,dv,gxf,lxf,"
    "wtv,nsv,ty,pva,pmp,moflex,mjpeg,mjpeg_2000,jpegxl_anim,mpjpeg,smjpeg,swf,flic,smk,bink,bfi,roq,4xm,film_cpk,"
    "filmstrip,idcin,ipmovie,ea,psxstr,thp,vmd,wc3movie,xmv,rl2,rpl,mv,mtv,nc,cine,ser,ifv,dhav,lmlm4,viv,vivo,"
    # Still pictures and sound: so that messages can say what a file is.
    "png_pipe,jpeg_pipe,webp_pipe,tiff_pipe,bmp_pipe,j2k_pipe,jpegxl_pipe,exr_pipe,dpx_pipe,psd_pipe,ppm_pipe,pgm_pipe,"
    "pam_pipe,qoi_pipe,ico,mp3,wav,w64,aac,ac3,eac3,flac,aiff,au,caf,ape,wv,tta,amr,dts,truehd"
)
"""ffmpeg's names of the formats that are read: those in which one file holds all of a film. Left out are those that
name other files or addresses (playlists such as HLS, DASH and ffconcat, SDP, numbered pictures, films in several
parts), devices, and texts such as subtitles."""
PROTOCOLS = "none"
"""ffmpeg's names of the protocols by which a file may open others. No protocol is called so."""


@contextmanager
def reading(path: str, options: Mapping[str, str] | None = None) -> Iterator[InputContainer]:
    """Open a file of one of the `FORMATS` for the time of a `with` block.

    Tags that are not valid UTF-8, as old programs write them, have U+FFFD for the bytes that cannot be read.

    Args:
        path: a regular file.
        options: more options of ffmpeg's demuxer.

    Raises:
        av.error.FFmpegError: the file is damaged, or has another format.
        OSError: it cannot be opened.
    """
    import av

    allowed = {"format_whitelist": FORMATS, "protocol_whitelist": PROTOCOLS}
    # ffmpeg gets an open file without a name. From a name it would guess the format, or take it for an address.
    with (
        open(path, "rb") as named,
        open(named.fileno(), "rb", closefd=False) as file,
        av.open(file, "r", options=allowed | dict(options or {}), metadata_errors="replace") as container,
    ):
        yield container
