"""Eight processes that are let go at once."""

import subprocess
import sys

PROCESSES = 8

RACE = """
import os, sys, traceback
from portalkey.model.attempt import AttemptStatus
from portalkey.model.events import Event, EventName
from portalkey.vault import SQLStore

(start, starting), (ready, getting_ready), (counts, counting) = os.pipe(), os.pipe(), os.pipe()

def wait_for_everybody():
    os.write(getting_ready, b".")
    os.read(start, 1)

def claim(url, *ids):
    store = SQLStore.open(url)
    wait_for_everybody()
    claims = [store.move_attempt(each, AttemptStatus.EXCHANGING) for each in ids]
    store.close()
    return sum(claim is not None for claim in claims)

def make(url):
    wait_for_everybody()
    store = SQLStore.open(url)
    store.record(Event(EventName.CONNECTED))
    store.close()
    return 1

racers, work = int(sys.argv[1]), globals()[sys.argv[2]]
for _ in range(racers):
    if os.fork() == 0:
        os.close(starting)
        try:
            os.write(counting, bytes([work(*sys.argv[3:])]))
        except BaseException:
            traceback.print_exc()
            os.write(getting_ready, b".")
        os._exit(0)
while racers > 0:
    racers -= len(os.read(ready, racers))
os.close(starting)
for _ in range(int(sys.argv[1])):
    os.wait()
os.close(counting)
count = os.read(counts, 100)
print(len(count), sum(count))
"""


def raced(work: str, *arguments: str) -> str:
    """How many of eight processes came through that were let go at once, and their count."""
    command = [sys.executable, "-W", "error", "-c", RACE, str(PROCESSES), work, *arguments]
    done = subprocess.run(command, capture_output=True, text=True, timeout=120, check=False)
    return done.stderr + done.stdout.strip()
