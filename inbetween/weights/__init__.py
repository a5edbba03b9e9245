"""Files of weights: which there are, where they lie, and reading them without running what is in them."""
