"""BitNet models in Python: export, compile, run.

import bitnet

bitnet.export("folder", "model.onnx")
m = bitnet.compile("model.onnx", tokenizer="folder/tokenizer.json")
m.run({"input_ids": ids})
m.generate("It is a truth", max_new_tokens=64)
"""

from .compiling import compile, report
from .errors import ContextFull, Error
from .exporting import export
from .library import Port
from .model import Model
from .session import Sampling, Session
from .verifying import verify

__all__ = [
    "ContextFull",
    "Error",
    "Model",
    "Port",
    "Sampling",
    "Session",
    "compile",
    "export",
    "report",
    "verify",
]
