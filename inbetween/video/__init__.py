"""Films: sinks by suffix, one ffmpeg per output, checked before the file gets its name."""
