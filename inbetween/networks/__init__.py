"""Networks on their device: reading them, memory plans, number types, and progress while they work."""
