"""No output holds a secret, whatever the rule, the content, the encoding, the cut and the chunks.

Exchanges are made by chance, of a seed that is printed: rules, limits, payloads, and in them secrets, each of its own for
its case, where the rule has them masked. They go through the real app, and through the real Envoy, to the real exporter,
which writes to every place that it can. Then no byte of any of it shows a secret or a part of one, as it stands there or
decoded.

Some cases are under a rule that masks nothing of what is planted: there each must be found in every output, or this would
prove nothing.

What is planted is what docs/rules.md promises to mask; what it says is not found is not planted.
"""
