"""Dense optical flow: both ways, consistency, inversion, hole filling, homography prior, warping."""
