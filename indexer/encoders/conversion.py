"""One model folder made into an OpenVINO graph, in a process of its own.

Knows how sentence-transformers loads a model and how OpenVINO takes it over. Runs as
``python -m indexer.encoders.conversion MODEL GRAPH`` so that torch and all it brings never enter the
process that answers.
"""

import os
import subprocess
import sys
import tempfile
from pathlib import Path
from types import ModuleType
from typing import cast

from indexer.encoders.sealed import seal
from indexer.errors import EncoderError
from indexer.modelfolder import ModelFolder

GRAPH = "model.xml"


def silence_telemetry() -> None:
    """Keep OpenVINO's telemetry out: it writes to the home folder, forks and looks up network names."""
    # An entry of None makes `import openvino_telemetry` an ImportError, which OpenVINO provides for.
    sys.modules.setdefault("openvino_telemetry", cast(ModuleType, None))


def convert(folder: ModelFolder, target: Path) -> None:
    """Seal the model's graph and weights, stored in 16 bits, into ``target``."""
    try:
        seal(target, lambda draft: _run_apart(folder, draft / GRAPH))
    except OSError as error:
        raise EncoderError(f"{target}: {error.strerror or error}; choose another cache folder") from error


def _run_apart(folder: ModelFolder, graph: Path) -> None:
    command = [sys.executable, "-m", "indexer.encoders.conversion", str(folder.path), str(graph)]
    with tempfile.TemporaryDirectory() as home:
        offline = {
            "HF_HUB_OFFLINE": "1",
            "HF_HOME": home,
            "HOME": home,
            "PYTHONPATH": os.pathsep.join(sys.path),
        }
        done = subprocess.run(command, env=os.environ | offline, capture_output=True, text=True, check=False)  # noqa: S603 - our own module
    if done.returncode != 0:
        lines = done.stderr.strip().splitlines() or [f"exit status {done.returncode}"]
        raise EncoderError(f"{folder.path}: cannot be converted ({lines[-1]}); use the runtime torch instead")


def _convert(folder: str, graph: str) -> None:
    silence_telemetry()
    import openvino

    from indexer.encoders.torch import load_transformer, traceable

    module, example = traceable(load_transformer(Path(folder)))
    openvino.save_model(openvino.convert_model(module, example_input=example), graph, compress_to_fp16=True)


if __name__ == "__main__":
    _convert(*sys.argv[1:])
