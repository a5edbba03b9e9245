"""Dense optical flow: both ways, consistency, splatting, hole filling, homography prior."""
