"""The same exchange gives the same event, whoever looks at it.

``corpus`` holds the exchanges, one file each, with the event that each must give. Four runs make events of them:

- ``native``: offpath-core, linked as any crate (exporter/examples/parity.rs)
- ``component``: dist/offpath.wasm in wasmtime, by the calls of filter/wit (host-python/examples/component.rs)
- ``asgi``: ``OffpathMiddleware`` around an app that uvicorn serves, asked by a client over TCP
- ``envoy``: dist/offpath-envoy.wasm in Envoy, before the same app without the middleware, asked by the same client

Every case goes through every run. What they may differ in, and why, is said in ``events``.

Not in the corpus is what one of them cannot see or does not get:

- why an app raised, which is known only inside it, and what became of a request behind a proxy
- HTTP/2, trailers and CONNECT, which uvicorn does not speak or does not tell
- a websocket whose client goes without a close frame, which uvicorn tells its app as a close without a code
- a standard header that comes twice, which Envoy joins into one, and a ``Referer`` with a password, which it removes
"""
