"""Clips into slow motion, or to another rate.

    plan      a request for a clip, checked before any file is opened
    footage   a clip, or a sequence of pictures, as one stream of pictures at their times
    analysis  which of them are keys: cuts between them, drawings shown twice, pauses
    pieces    keys and the frames to be made, into gaps
    opening   a clip that is looked at, and the film that it becomes
    produce   all of it to a file

Import the modules: nothing is loaded by importing this package. It is not called `slowmo`, as its command is, because
`inbetween.slowmo` is a function of the Python API.
"""
