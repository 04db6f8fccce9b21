"""What `raw show` prints: plain, aligned text."""
