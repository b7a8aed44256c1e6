"""Measurements: the numbers of the design, made on one machine in one run. `python -m bench` lists them."""
