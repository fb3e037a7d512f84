"""A server that speaks the APIs of models, one module for each family, as their public references document them.

What it answers is in a script; which script, the path's first two segments say: ``/<family>/<case>``, and the API's own path
behind them. So an official client is led to its case by its base URL, and what it sends is what it sends in production.
"""
