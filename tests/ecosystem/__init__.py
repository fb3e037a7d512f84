"""The scenarios of Langfuse's public examples, played with offpath and with the official SDK: Langfuse gets the same.

Each scenario is played three times, by a program in an environment of its own (``play.py``):

- ``offpath``: by offpath's names, delivered by the exporter;
- ``bridged``: by the official SDK with ``offpath.langfuse.tracer_provider()``, delivered by the exporter too;
- ``official``: by the official SDK alone, which sends by itself.

All send to one server (``receiver.py``), which takes OTLP and scores as Langfuse does. What came is told in the way in
which Langfuse would read it (``understood.py``), without ids and times (``seen.py``), and compared. What differs is in
``differences.py``, each with its reason.
"""
