"""Moving pictures in and out of files.

    sinks      where the frames go, from the words of the command line; standard library only
    codecs     what is asked of each encoder, and the presets; standard library only
    ffmpeg     one ffmpeg child, fed with raw frames
    place      what may be written where; temporary names, and the move to the final ones
    verify     what is planned, what was found on the disk, and the comparison of the two
    encode     frames through ffmpeg: films, animations and GIFs
    animation  the times and the loop of animated WebP and PNG files
    write      frames to a film, an animation, a sequence of pictures or one picture
    clip       what is known of a clip; standard library only
    probe      a clip's file: its pictures, times, colours and other streams
    ends       where its file ends by its own word
    read       the pictures of a clip
    webp       those of an animated WebP
    resume     a long film in segments, which goes on where it was stopped
    journal    the finished segments of a long film, and who has them
    join       segments, and what goes with them, into one file
    carry      sound, subtitles, chapters and titles of a clip
    timecode   the clock of SMPTE ST 12, moved
    stretch    sound over another time, its pitch kept

Import the modules: nothing is loaded by importing this package.
"""
