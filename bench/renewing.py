"""A process that renews connections: ``python -m bench.renewing PLACE THREADS FIRST STEP LAST``.

It says ``{}`` once it is ready, begins at the first line that it is sent, and answers with a line
of JSON. The owners are FIRST, FIRST + STEP and so on up to LAST.
"""

import json
import logging
import sys
import time

from bench.goals.many import renew_all
from bench.place import LIFETIME, Place, make_broker


def main() -> None:
    """Renew each connection of one's own once."""
    logging.disable()  # what goes wrong is counted
    place, threads, first, step, last = sys.argv[1:]
    broker = make_broker(Place(**json.loads(place)), lambda: float(LIFETIME))
    broker.connections("nobody")  # the store is open
    print("{}", flush=True)
    sys.stdin.readline()
    numbers = iter(range(int(first), int(last) + 1, int(step)))
    cpu = time.process_time()
    renewed = renew_all(broker, numbers, int(threads))
    told = {"outcomes": renewed.outcomes, "latencies": renewed.latencies}
    print(json.dumps({**told, "cpu": time.process_time() - cpu}), flush=True)
    broker.close()


if __name__ == "__main__":
    main()
