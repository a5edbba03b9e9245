"""Clips at another speed or rate: slow motion, and more frames per second.

    plan      checks a request for a clip before any file is opened
    footage   reads a clip, or a sequence of pictures, as one stream of frames at their times
    analysis  finds the keys among the frames: cuts between them, drawings that are shown twice, pauses
    pieces    turns keys and the times of the output frames into gaps
    opening   opens a clip, and plans the film that it becomes
    produce   makes the frames and the film

Import the modules: importing this package loads nothing. It is not called `slowmo`, as its command is, because
`inbetween.slowmo` is a function of the Python API.
"""
