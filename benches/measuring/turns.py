"""Peers that take turns, and what their times say."""

import random
import statistics

# A turn is so long, if its steps allow: short steps are repeated, and their median is the turn's time.
TURN_MS = 200
MOST_STEPS = 20


def take_turns(peers, command, rounds, seed=0):
    """Milliseconds of one step for each peer, one value a round: {name: [...]}.

    In every round each peer has one turn, in an order drawn anew, so that a machine that slows down or a noisy
    neighbour meets all of them alike.
    """
    steps = {}
    for peer in peers:
        warm = peer.ask(f"{command} 2")
        steps[peer.name] = max(1, min(MOST_STEPS, int(TURN_MS / max(warm[-1], 1e-3))))
    order, times = random.Random(seed), {peer.name: [] for peer in peers}
    for _ in range(rounds):
        for peer in order.sample(peers, len(peers)):
            times[peer.name].append(statistics.median(peer.ask(f"{command} {steps[peer.name]}")))
    return times


def best(times, names):
    """The one of these names whose median is lowest; None when none of them was timed."""
    return min((name for name in names if name in times), key=lambda name: statistics.median(times[name]), default=None)


def quartiles(values):
    """(lower quartile, median, upper quartile)."""
    if len(values) == 1:
        return (values[0],) * 3
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def ratio(slow, fast):
    """How many times faster `fast` was: the ratio of medians, and the quartiles of the rounds' ratios."""
    low, middle, high = quartiles([a / b for a, b in zip(slow, fast)])
    return {
        "of_medians": statistics.median(slow) / statistics.median(fast),
        "median_of_rounds": middle,
        "quartiles_of_rounds": [low, high],
    }
