"""Clips into slow motion, or to another rate.

    words     what the user asked for, checked before any file is opened
    footage   a clip, or a sequence of pictures, as one stream of pictures at their times
    keys      which of them are keys: cuts between them, drawings shown twice, pauses
    pieces    keys and the frames to be made, into gaps
    make      all of it to a file

Import the modules: nothing is loaded by importing this package.
"""
