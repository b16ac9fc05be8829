"""BitNet models in Python: export, compile, run.

import bitnet

bitnet.export("folder", "model.onnx")
m = bitnet.compile("model.onnx", tokenizer="folder/tokenizer.json")
m.run({"input_ids": ids})
m.generate("It is a truth", max_new_tokens=64)
"""

from .compiling import compile
from .errors import Error
from .exporting import export
from .library import Port
from .model import Model, Session
from .verifying import verify

__all__ = ["Error", "Model", "Port", "Session", "compile", "export", "verify"]
