"""Leave-out scoring: frames of real clips are hidden, made again from the rest, and compared with what was hidden.

For a gap of g the frames 0, g+1, 2(g+1) … of a clip are the keys. Every method gets all keys of the clip at
once and makes the g frames between every two of them; only made frames are scored.

BenchRequest -> request.plan -> BenchPlan -> score.bench -> Result: rows, means, and the worst frames for a sheet
"""
