"""Settings, one module for each tool: each names its variables, and nothing else reads them."""
