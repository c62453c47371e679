"""Weight products in half precision, for processors that multiply bfloat16 (AVX-512 BF16, AMX).

What lies between the products stays in float32.
"""

from __future__ import annotations

import copy

import torch
from torch import Tensor, nn
from torch.nn import functional as F


class HalfLinear(nn.Module):
    """A linear layer whose weight is kept, and multiplied, in bfloat16: 8 bits of precision, half the memory."""

    weight: Tensor
    bias: Tensor | None

    def __init__(self, linear: nn.Linear) -> None:
        super().__init__()
        self.register_buffer("weight", linear.weight.detach().to(torch.bfloat16))
        self.register_buffer("bias", None if linear.bias is None else linear.bias.detach().clone())

    def forward(self, x: Tensor) -> Tensor:
        """x: [..., I] → [..., O], float32."""
        out = F.linear(x.to(torch.bfloat16), self.weight).float()
        return out if self.bias is None else out + self.bias


def halved(module: nn.Module) -> nn.Module:
    """The same network, its linear layers in half precision; for running, not for learning."""
    if isinstance(module, nn.Linear):
        return HalfLinear(module)
    other = copy.copy(module)
    other._modules = {name: child and halved(child) for name, child in module._modules.items()}
    return other
