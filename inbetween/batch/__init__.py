"""Many films in one command: finding the jobs, checking them all, making them in worker processes, and the report."""
