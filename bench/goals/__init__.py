"""Each goal of the benchmarks, measured."""
