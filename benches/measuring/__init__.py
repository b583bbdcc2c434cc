"""What `make bench` is made of; benches/bench.py runs it. Standard library only."""
