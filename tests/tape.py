"""What a CUDA graph does, without a GPU: the operations of a step are taped once and carried out
again on the same tensors.
"""

from collections.abc import Callable

import torch
from torch import Tensor
from torch.utils._python_dispatch import TorchDispatchMode
from torch.utils._pytree import tree_leaves, tree_map


class Tape(TorchDispatchMode):
    """Tapes every operation below autograd. What the host decides, in Python, is not on it,
    as in a graph.
    """

    def __init__(self):
        super().__init__()
        self.calls = []

    def __torch_dispatch__(self, operation, types, args=(), kwargs=None):
        result = operation(*args, **(kwargs or {}))
        self.calls.append((operation, args, kwargs or {}, result))
        return result

    @torch.no_grad()
    def replay(self) -> None:
        """Carries out the operations again; tensors that were made on the tape are made anew."""
        made = {}
        for operation, args, kwargs, result in self.calls:
            args, kwargs = tree_map(
                lambda v: made.get(id(v), v) if isinstance(v, Tensor) else v, (args, kwargs)
            )
            for old, new in zip(
                tree_leaves(result), tree_leaves(operation(*args, **kwargs)), strict=True
            ):
                if isinstance(old, Tensor):
                    made[id(old)] = new


def taped(step: Callable[[], None], stream: object = None) -> Callable[[], None]:
    """Stands for ``graph.cuda_graph``. The step takes place once while it is taped,
    which a capture would not do.
    """
    with Tape() as tape:
        step()
    return tape.replay
