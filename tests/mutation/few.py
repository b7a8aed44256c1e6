"""A pytest plugin for `make mutate`: properties are tried with few examples, the same ones each time.

A mutant is run against every test that reaches it; thousands of examples each would take days, and a random
choice among few would make the score differ from run to run.
"""

from hypothesis import settings

EXAMPLES = 40


def pytest_collection_modifyitems(items):
    for item in items:
        function = getattr(item, "obj", None)
        wanted = getattr(function, "_hypothesis_internal_use_settings", None)
        if wanted is not None:
            count = min(wanted.max_examples, EXAMPLES)
            few = settings(wanted, max_examples=count, derandomize=True, database=None)
            function._hypothesis_internal_use_settings = few
