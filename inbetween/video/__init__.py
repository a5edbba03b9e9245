"""Clips in and films out.

What is written:

    sinks       the output that `-o` and its options ask for; standard library only
    codecs      the encoders with their options, and the presets; standard library only
    encoder_options
                the options of `--encoder` that are accepted; standard library only
    publish     checks that an output may be written, and the rename to its final name
    workfolder  the hidden folder beside an output, in which it is made
    disk        errors of the disk as messages with a hint
    write       frames to a film, an animation, a sequence of pictures or one picture
    segments    a long film in segments, which continues where it was stopped
    journal     the list of finished segments
    join        segments, sound and other tracks into one file
    encode      frames through ffmpeg: films, animations and GIFs
    ffmpeg      running ffmpeg as a child process
    causes      why ffmpeg stopped, as an error with a hint; standard library only
    animation   the delays and the loop of animated WebP and PNG files
    verify      the comparison of what is on the disk with what was planned

What is read:

    clip        the facts about a clip; standard library only
    probe       finds these facts in a file
    truncation  whether a file has been cut off
    decode      opening a file, and decoding its frames
    filters     ffmpeg's filters on decoded frames
    interlace   what an interlaced clip shows
    read        the frames of a clip, upright and in RGB
    webp        the frames of an animated WebP

What goes from a clip to its film besides the frames:

    extras      sound, subtitles, fonts, chapters and titles
    stretch     sound stretched in time, its pitch kept
    timecode    timecodes moved to another time

Import the modules: nothing is loaded by importing this package.
"""
