"""A graph that is run: by ONNX Runtime on one thread, after graph.py has looked at it."""

from __future__ import annotations

import numpy as np
import onnxruntime
from numpy.typing import NDArray
from onnxruntime.capi import onnxruntime_pybind11_state as told

from agents.learning.bundles.packing import GRAPH
from agents.learning.bundles.refusing import BundleError

REFUSED = (told.Fail, told.InvalidArgument, told.InvalidGraph, told.InvalidProtobuf, told.NotImplemented, told.RuntimeException)


class Session:
    """One graph, ready."""

    def __init__(self, content: bytes) -> None:
        """Raises BundleError where it cannot be run."""
        options = onnxruntime.SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = 1
        options.execution_mode = onnxruntime.ExecutionMode.ORT_SEQUENTIAL
        options.log_severity_level = 4  # what goes wrong is raised
        try:
            self._session = onnxruntime.InferenceSession(content, options, providers=["CPUExecutionProvider"])
        except REFUSED as fault:
            raise _no_graph(fault) from None

    def actions(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.int64]:
        """(rows,). Raises BundleError."""
        return np.asarray(self._run("action", observations, masks), dtype=np.int64)

    def logits(self, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> NDArray[np.float32]:
        """(rows, actions), of all of them. Raises BundleError."""
        return np.asarray(self._run("logits", observations, masks), dtype=np.float32)

    def _run(self, output: str, observations: NDArray[np.float32], masks: NDArray[np.bool_]) -> object:
        try:
            (found,) = self._session.run([output], {"observations": observations, "mask": masks})
        except REFUSED as fault:
            raise _no_graph(fault) from None
        return found


def _no_graph(fault: Exception) -> BundleError:
    return BundleError(f"{GRAPH}: cannot be run: {str(fault).splitlines()[0]}")
