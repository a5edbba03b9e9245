"""Sampling over stock video diffusion networks: a schedule, one loop over a program, conditioning, decoding."""
