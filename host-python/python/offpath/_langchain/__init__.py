"""What is behind :mod:`offpath.langchain`, part by part."""
