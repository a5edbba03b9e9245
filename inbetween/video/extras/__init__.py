"""What a clip's file holds besides its frames: sound, subtitles, fonts, chapters and titles, brought into the film at
their new times.

    tracks      the streams that go into the film, each copied or encoded
    containers  what each kind of film file can hold
    timing      from the time of the clip to the time of the film
    sound       sound: moved, or decoded, stretched and encoded again
    subtitles   subtitles: moved, or converted to another format
    tags        titles, chapters and the timecode
"""

from inbetween.video.extras.tracks import Extras as Extras
from inbetween.video.extras.tracks import extras_of as extras_of
