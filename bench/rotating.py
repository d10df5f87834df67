"""A process that rotates keys: ``python -m bench.rotating PLACE``, answered by a line of JSON."""

import json
import logging
import sys
from contextlib import closing

from bench.place import Place, make_broker


def main() -> None:
    """Seal every row anew, under the first key of the place."""
    logging.disable()  # what goes wrong is in the answer
    with closing(make_broker(Place(**json.loads(sys.argv[1])))) as broker:
        rotated = broker.keys.rotate(lambda *_: None, is_forced=True)
    told = {"rows": rotated.rows, "seconds": rotated.seconds, "is_whole": rotated.is_whole}
    print(json.dumps(told), flush=True)


if __name__ == "__main__":
    main()
