"""A graph that is run: by ONNX Runtime on one thread, after graph.py has looked at it."""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray


class Session:
    """One graph, ready."""

    def __init__(self, content: bytes) -> None:
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 3  # errors only
        self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])

    def actions(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(rows,)."""
        (chosen,) = self._session.run(["action"], {"observations": observations, "mask": masks})
        return np.asarray(chosen, dtype=np.int64)

    def logits(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(rows, actions), of all of them."""
        (found,) = self._session.run(["logits"], {"observations": observations, "mask": masks})
        return np.asarray(found, dtype=np.float32)
