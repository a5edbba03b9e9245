"""The weights of networks: known ones, their files on the disk and on the Hugging Face Hub, and reading them safely."""
