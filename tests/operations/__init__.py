"""What runs offpath, and what watches it: files to copy from deploy/, as far as they can be tried without a cluster."""
