"""The keyed random streams of src/seed.rs, written anew: ChaCha with 8 rounds (Bernstein 2008), its key the SHA-256 of
what a stream is for."""

import hashlib
import math
import struct


def rotate(x, by):
    return (x << by | x >> (32 - by)) & 0xFFFFFFFF


def block(key, counter):
    """Sixteen words."""
    start = [0x61707865, 0x3320646E, 0x79622D32, 0x6B206574, *struct.unpack("<8I", key), *struct.unpack("<2I", struct.pack("<Q", counter)), 0, 0]
    x = list(start)

    def quarter(a, b, c, d):
        for into, of, mixed, by in [(a, b, d, 16), (c, d, b, 12), (a, b, d, 8), (c, d, b, 7)]:
            x[into] = (x[into] + x[of]) & 0xFFFFFFFF
            x[mixed] = rotate(x[mixed] ^ x[into], by)

    for _ in range(4):
        for column in range(4):
            quarter(column, column + 4, column + 8, column + 12)
        for row in range(4):
            quarter(row, (row + 1) % 4 + 4, (row + 2) % 4 + 8, (row + 3) % 4 + 12)
    return [(a + b) & 0xFFFFFFFF for a, b in zip(x, start)]


class Stream:
    """Keyed by a seed, a purpose and more words and numbers."""

    def __init__(self, seed, *parts):
        hashed = hashlib.sha256()
        for part in ("ablate", seed, *parts):
            text = part.encode() if isinstance(part, str) else None
            hashed.update(struct.pack("<Q", len(text) if text is not None else part))
            hashed.update(text or b"")
        self.key, self.counter, self.words = hashed.digest(), 0, []

    def word64(self):
        if not self.words:
            self.words = block(self.key, self.counter)
            self.counter += 1
        low, high = self.words.pop(0), self.words.pop(0)
        return high << 32 | low

    def uniform(self):
        return (self.word64() >> 11) / 2**53

    def below(self, n):
        """Lemire 2019."""
        while True:
            product = self.word64() * n
            if product % 2**64 >= 2**64 % n:
                return product >> 64

    def normal(self):
        """The polar method."""
        while True:
            u, v = 2 * self.uniform() - 1, 2 * self.uniform() - 1
            s = u * u + v * v
            if 0 < s < 1:
                return u * math.sqrt(-2 * math.log(s) / s)
