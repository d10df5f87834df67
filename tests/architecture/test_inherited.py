"""Every pool, cache, lock, thread and queue of the package, and how a forked child renews it.

What is new in the code and not in here fails: say how it is renewed, or why that is not needed.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import portalkey

PACKAGE = Path(portalkey.__file__).parent
# A command's process is its own, and testing is imported by tests.
ELSEWHERE = ("cli/", "testing/", "vault/sql/migrations/")

MODULES = {"threading", "queue", "multiprocessing", "asyncio"}
"""Whatever is made of these by a capital name is shared by somebody."""
MAKERS = {
    "ThreadPoolExecutor", "ProcessPoolExecutor", "Future", "FileLock", "ConnectionPool",
    "create_engine", "WeakSet", "WeakKeyDictionary", "WeakValueDictionary", "OrderedDict",
    "defaultdict", "deque",
}  # fmt: skip
CONNECTS = {
    "sqlite3.connect", "psycopg.connect", "TimedConnection.connect", "socket.create_connection",
}  # fmt: skip
CACHES = {"cache", "lru_cache"}
EMPTY_MAKERS = {"dict", "list", "set", "bytearray"}
VALUES = {
    "Row", "Path", "TypeVar", "Route", "Table", "MetaData", "JSONDecoder", "ContextVar", "Signal",
    "Column", "String", "Index", "UniqueConstraint", "BigInteger", "Kind", "_Events",
    "_Connections", "_Problem", "_Module", "Words", "Mark", "Refused", "EventPlace",
}  # fmt: skip
"""Module-level instances of these change for nobody; a context and a signal's receivers may."""

# A class that registers, and in whose renewal this is made anew.
RENEWED = {
    "_support/background.py Background threading.Lock",
    "_support/background.py Background self._under_way",
    "_support/background.py Background self._again",
    "_support/beat.py Beat threading.Lock",
    "broker/async_methods.py Executor ThreadPoolExecutor",
    "broker/deliveries.py Deliveries threading.Event",
    "_support/single_flight.py SingleFlight threading.Lock",
    "_support/single_flight.py SingleFlight self._flights",
    "broker/admission.py Admission self._at_hand",
    "broker/admission.py Admission threading.Lock",
    "broker/alarms.py Alarms threading.Lock",
    "broker/app_breaker.py AppBreaker self._waits",
    "broker/app_breaker.py AppBreaker self._witnesses",
    "broker/app_breaker.py AppBreaker threading.Lock",
    "broker/caller_gate.py CallerGate self._began",
    "broker/caller_gate.py CallerGate threading.Condition",
    "broker/counters.py Counters self._takes",
    "broker/counters.py Counters threading.Lock",
    "broker/lease_owner.py LeaseOwner threading.Lock",
    "broker/lease_owner.py LeaseOwner self._at",
    "broker/reachability.py Reachability self._unanswered",
    "broker/reachability.py Reachability threading.Lock",
    "broker/token_cache.py TokenCache threading.Lock",
    "broker/token_cache.py TokenCache self.cached",
    "flask/session_owed.py OwedBySessions self._waiting",
    "flask/session_owed.py OwedBySessions threading.Lock",
    "flask/session_rows.py SessionRegistry threading.Lock",
    "flask/session_rows.py SessionRegistry OrderedDict",
    "hubspot/client.py HubSpotClient threading.Lock",
    "hubspot/client.py HubSpotClient self._pools",
    "vault/sql/open_files.py OpenFiles WeakSet",
}
# How, or why it need not be.
OTHERWISE = {
    "_support/background.py Background threading.Thread": "in _under_way, which is renewed",
    "_support/beat.py Beat threading.Event": "in _ended, which is renewed",
    "_support/beat.py Beat threading.Thread": "ends with its Event; a child has none",
    "_support/fork.py - _renewals": "weak references; the child goes through the same ones",
    "_support/fork.py - _State()": "the identity that everything is compared with",
    "_support/fork.py _Turn threading.RLock": "by identity",
    "_support/fork.py _State self._turns": "by identity",
    "_support/fork.py ProcessLock self._locks": "by identity",
    "_support/fork.py ProcessLock threading.RLock": "by identity",
    "_support/single_flight.py SingleFlight Future": "in _flights, which is renewed",
    "_support/time_limit.py FairSemaphore deque": "in Slots, which Database renews, or in a pool",
    "_support/time_limit.py FairSemaphore threading.Lock": "as its deque",
    "_support/time_limit.py TimeBudget self.moments": "of one request",
    "_support/telemetry.py - @cache": "OpenTelemetry's tracer, which is its own to renew",
    "_support/telemetry.py Span self._about": "of one span",
    "broker/sweep_guard.py SweepGuard self._dead": "what a parent heard is as true for its child",
    "_support/uwsgi.py - Warner()": "a child need not say it again",
    "adapters/hubspot_api_client.py - @cache": "a fact about an installed library",
    "adapters/hubspot_sdk.py - @cache": "a fact about an installed library",
    "broker/alarms.py Alarms self._told": "what was told before the fork; it is told again in time",
    "broker/deliveries.py Deliveries self._receivers": "the app's functions, as in a child",
    "broker/deliveries.py Deliveries self._arrived": "numbers that are said, and no more",
    "broker/caller_gate.py CallerGate defaultdict": "made anew for each look",
    "broker/exchange.py Beside threading.Thread": "of one call",
    "broker/introspect.py Introspector self._checked": "moments of checks by connection",
    "broker/processes.py Processes self._names": "by process: a child has another",
    "broker/token_request.py TokenRequest self.pending": "grants that are saved by comparison, by "
    "whoever comes first; what a live row holds is not revoked",
    "broker/turns.py Turns OrderedDict": "Admission's, which is renewed",
    "broker/turns.py Turns deque": "Admission's, which is renewed",
    "broker/turns.py Turns self._last": "Admission's, which is renewed",
    "django/__init__.py - LazyBroker()": "holds nothing",
    "django/__init__.py - LazyBrokers()": "holds nothing",
    "django/site.py - _named": "of the same kind, each with a lock of its own",
    "django/site.py - Site()": "a broker that renews itself, behind a lock by identity",
    "django/site.py Site self._consoles": "pages, the same in a child",
    "django/templatetags/portalkey.py - Library()": "names of tags",
    "flask/session_rows.py SessionRows self._unrecorded": "of one session, whose registry is "
    "renewed",
    "hubspot/client.py HubSpotClient ConnectionPool": "in _pools, which is renewed",
    "hubspot/connections.py ConnectionPool defaultdict": "in _pools, which is renewed",
    "hubspot/connections.py ConnectionPool self._all": "in _pools, which is renewed",
    "hubspot/connections.py ConnectionPool threading.Lock": "in _pools, too",
    "hubspot/deadline.py Connector queue.SimpleQueue": "of one call",
    "hubspot/deadline.py Connector socket.create_connection": "of one exchange, or in a pool",
    "hubspot/deadline.py Connector threading.Thread": "of one call",
    "sentences/__init__.py - @cache": "texts",
    "settings/numbers.py - BeforeValidator()": "reads a value, and keeps none",
    "settings/settings.py - BeforeValidator()": "reads a value, and keeps none",
    "settings/urls.py - @cache": "a list of names",
    "vault/files.py - ProcessLock()": "by identity",
    "vault/health.py StoreHealth self._listeners": "they listen on in a child",
    "vault/json_file/disk.py ConfigFile FileLock": "of one call",
    "vault/json_file/readers.py - @cache": "readers of a type's fields",
    "vault/memory.py MemoryStore self._attempts": "a child's memory is its own",
    "vault/memory.py MemoryStore self._invitations": "a child's memory is its own",
    "vault/memory.py MemoryStore self._notifications": "a child's memory is its own",
    "vault/memory.py MemoryStore self._counters": "a child's memory is its own",
    "vault/memory.py MemoryStore self._meta": "a child's memory is its own",
    "vault/memory.py MemoryStore self._owed": "a child's memory is its own",
    "vault/memory_connections.py ConnectionsInMemory self._connections": "a child's memory is its "
    "own",
    "vault/memory_connections.py ConnectionsInMemory self._events": "a child's memory is its own",
    "vault/memory_throttles.py MemoryThrottles self.by_app": "a child's memory is its own",
    "vault/sql/rows.py - @lru_cache": "what a text parses to",
    "vault/sql/backup.py - sqlite3.connect": "of one command",
    "vault/sql/check.py - create_engine": "of one command",
    "vault/sql/read_only.py - sqlite3.connect": "of one command",
    "vault/sql/sqlite.py CommitCounter threading.Lock": "renewed by SQLite",
    "vault/sql/group_commit.py GroupCommit self._waiting": "renewed by SQLite",
    "vault/sql/group_commit.py GroupCommit threading.Lock": "renewed by SQLite",
    "vault/sql/group_commit.py Group self.others": "of one transaction",
    "vault/sql/group_commit.py Task threading.Lock": "of one call",
    "vault/sql/database.py - WeakSet": "the databases, each of which renews itself",
    "vault/sql/database.py - ProcessLock()": "by identity",
    "vault/rotate.py Rotation self._closed": "of one command",
    "vault/sql/foreign.py - create_engine": "of one command",
    "vault/sql/foreign.py - sqlite3.connect": "of one command",
    "vault/sql/migrate.py - ProcessLock()": "by identity",
    "vault/sql/open_files.py - OpenFiles()": "renews itself",
    "vault/sql/open_files.py OpenFiles sqlite3.connect": "in _open, which is renewed",
    "vault/sql/postgres.py PostgreSQL create_engine": "the engine, whose pool Database renews",
    "vault/sql/postgres.py PostgreSQL TimedConnection.connect": "in _sockets, which leave() leaves",
    "vault/sql/sqlite.py SQLite create_engine": "the engine, whose pool Database renews",
    "vault/sql/stats.py SQLStats self._censuses": "counts of a moment, by app",
    "vault/sql/statements.py DriverPool self._free": "renewed by Database",
    "web/arrival.py ArrivalLog self._logged": "what the log has heard, of all processes",
    "web/arrival.py ArrivalLog self._origins": "as this",
    "web/console/door.py Password deque": "moments of wrong tries, which count in a child, too",
    "web/console/door.py Password self._tries": "as these",
    "web/permissions.py - @cache": "files of the package",
    "web/static_files.py - @cache": "files of the package",
    "web/strings/__init__.py Strings self._words": "texts",
}


def found_in(path: Path) -> Iterator[str]:
    """What *path* makes, each with its class."""
    name = path.relative_to(PACKAGE).as_posix()
    tree = ast.parse(path.read_text())
    for top in tree.body:
        owner = top.name if isinstance(top, ast.ClassDef) else "-"
        for node in ast.walk(top):
            for what in made_by(node, is_top=node is top):
                yield f"{name} {owner} {what}"


def made_by(node: ast.AST, *, is_top: bool) -> Iterator[str]:
    """What one node makes that threads or processes could share."""
    if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
        for each in node.decorator_list:
            decorator = ast.unparse(each.func if isinstance(each, ast.Call) else each)
            if decorator.rpartition(".")[2] in CACHES:
                yield f"@{decorator}"
    if isinstance(node, ast.Call):
        called = ast.unparse(node.func)
        module, _, name = called.rpartition(".")
        if (module in MODULES and name[0].isupper()) or called in CONNECTS:
            yield called
        if name.partition("[")[0] in MAKERS:
            yield name.partition("[")[0]
    if isinstance(node, ast.Assign | ast.AnnAssign) and node.value is not None:
        yield from kept_by(node, node.value, is_top=is_top)


def kept_by(node: ast.Assign | ast.AnnAssign, value: ast.expr, *, is_top: bool) -> Iterator[str]:
    """What is put into a module or an object to be filled, or is made as the module is imported."""
    targets = node.targets if isinstance(node, ast.Assign) else [node.target]
    pairs = [(targets[0], value)]
    if isinstance(targets[0], ast.Tuple) and isinstance(value, ast.Tuple):
        pairs = list(zip(targets[0].elts, value.elts, strict=True))
    for target, made in pairs:
        called = ast.unparse(made.func) if isinstance(made, ast.Call) else ""
        is_empty = isinstance(made, ast.Dict | ast.List) and not ast.unparse(made)[1:-1]
        is_kept = is_top or (isinstance(target, ast.Attribute) and "self." in ast.unparse(target))
        if is_kept and (is_empty or called in EMPTY_MAKERS):
            yield ast.unparse(target)
        if is_top:
            calls = [each.func for each in ast.walk(made) if isinstance(each, ast.Call)]
            names = {each.id for each in calls if isinstance(each, ast.Name)}
            yield from (f"{each}()" for each in names if is_class(each))


def is_class(name: str) -> bool:
    """True of a class that is not known to be a value's."""
    return name.lstrip("_")[0].isupper() and name not in VALUES | MAKERS


def files() -> list[Path]:
    """The modules that run in an app's processes."""
    paths = sorted(PACKAGE.rglob("*.py"))
    return [p for p in paths if not p.relative_to(PACKAGE).as_posix().startswith(ELSEWHERE)]


def class_of(entry: str) -> ast.ClassDef:
    """The class that an entry names."""
    file, name, _ = entry.split(" ")
    tree = ast.parse((PACKAGE / file).read_text())
    return next(n for n in tree.body if isinstance(n, ast.ClassDef) and n.name == name)


def test_the_register_is_the_code() -> None:
    """Nothing that is shared is left out, and nothing is in here that is gone."""
    assert {each for path in files() for each in found_in(path)} == RENEWED | OTHERWISE.keys()


def test_what_is_renewed_registers_and_is_looked_at() -> None:
    """Its class registers a renewal, in which it is made anew, and looks before it takes."""
    for entry in sorted(RENEWED):
        code = class_of(entry)
        renewal = next(
            ast.unparse(each)
            for each in code.body
            if isinstance(each, ast.FunctionDef) and each.name == "_renew"
        )
        what = entry.rpartition(" ")[2]
        assert what in renewal or "clear()" in renewal, entry
        assert "renew_after_fork(self._renew)" in ast.unparse(code), entry
        is_looked_at = "renew_inherited()" in ast.unparse(code)
        assert is_looked_at or entry.startswith("vault/sql/open_files.py"), entry  # by Database


def test_nothing_of_the_interpreters_is_bound_at_import() -> None:
    """What gevent replaces in their modules, perhaps later: locks, threads, queues and sleep."""
    for path in files():
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.ImportFrom):
                names = {each.name for each in node.names}
                assert node.module not in MODULES, path
                assert not (node.module == "time" and "sleep" in names), path
            if isinstance(node, ast.arguments):
                defaults = [*node.defaults, *filter(None, node.kw_defaults)]
                assert "time.sleep" not in {ast.unparse(each) for each in defaults}, path


def test_a_new_lock_is_noticed(tmp_path: Path) -> None:
    """The control: what is made anew and registered nowhere would be found."""
    code = tmp_path / "new.py"
    code.write_text(
        "_lock = threading.Lock()\n_cache = {}\nPOOL = ThreadPoolExecutor(2)\n"
        "class A:\n    def __init__(self):\n        self._queue, self._seen = queue.Queue(), []\n"
        "@functools.cache\ndef f(): threading.Thread(target=f)\n"
    )
    made = {
        what
        for top in ast.parse(code.read_text()).body
        for node in ast.walk(top)
        for what in made_by(node, is_top=node is top)
    }
    assert made == {
        "threading.Lock", "_cache", "ThreadPoolExecutor", "queue.Queue",
        "self._seen", "@functools.cache", "threading.Thread",
    }  # fmt: skip
