"""What several tests share: drawn pictures, films, reports that remember, the real command."""
