"""BitNet models in Python."""
