"""A process that trains or evaluates on command (benches/peers/protocol.rs)."""

import contextlib
import json
import os
import subprocess


class Refused(Exception):
    """A peer that says it cannot do what it was started for, or that ended early."""


class Peer:
    def __init__(self, name, command, env=None):
        self.name = name
        self.process = subprocess.Popen(
            [str(part) for part in command],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            text=True,
            env={**os.environ, **(env or {})},
        )
        self.ready = None

    def wait(self):
        """Waits until it is ready; raises Refused, with its reason, when it will not be."""
        said = self._read()
        if "refused" in said:
            raise Refused(said["refused"])
        self.ready = said["ready"]

    def ask(self, command):
        try:
            print(command, file=self.process.stdin, flush=True)
        except BrokenPipeError:
            pass  # it ended: reading says so
        return self._read()

    def _read(self):
        line = self.process.stdout.readline()
        if not line:
            raise Refused(f"{self.name} ended with code {self.process.wait()}")
        return json.loads(line)

    def quit(self):
        with contextlib.suppress(OSError):
            print("quit", file=self.process.stdin, flush=True)
            self.process.stdin.close()
        try:
            self.process.wait(5)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()
        self.process.stdout.close()


@contextlib.contextmanager
def started(peers):
    """The peers, every one ready or left out with its reason: (ready ones, {name: reason})."""
    try:
        ready, refused = [], {}
        for peer in peers:
            try:
                peer.wait()
                ready.append(peer)
            except Refused as reason:
                refused[peer.name] = str(reason)
        yield ready, refused
    finally:
        for peer in peers:
            peer.quit()
