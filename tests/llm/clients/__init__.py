"""The official clients, one module for each: asked to ask, at a URL, and to say what they made of the answer.

Each function takes what its client's method takes, and returns an ``Ask``: call it with the URL that leads to a case.
"""
