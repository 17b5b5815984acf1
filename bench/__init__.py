"""Benchmarks: each thing the product does, measured beside its own physical limit in the same run.

`make bench` runs them all, prints a table and writes `bench/results.json`; docs/performance.md explains it. Nothing
here is a test: no number fails anything. `python -m bench --small` runs all of it on little data.

    world.py      clinics, patients and appointments at scale, by set-based SQL under all constraints
    clock.py      timing one thing beside another
    table.py      a result, the table, the file
    and one module for each family of numbers
"""
