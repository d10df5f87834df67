"""connect.d.ts, read by the compiler that its users have."""

import subprocess
from pathlib import Path

HERE = Path(__file__).parent
TSC = HERE.parents[1] / "node_modules" / ".bin" / "tsc"


def test_typescript_reads_the_types() -> None:
    """What the usage files do rightly is accepted, and each of their mistakes is refused."""
    assert TSC.exists(), "Install the compiler with: make node_modules/.package-lock.json"
    checked = subprocess.run([TSC, "--project", HERE], capture_output=True, text=True, check=False)

    assert (checked.returncode, checked.stdout + checked.stderr) == (0, "")
