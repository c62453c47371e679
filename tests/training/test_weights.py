import pytest

torch = pytest.importorskip("torch")
pytest.importorskip("safetensors")
from facestream.training.weights import load_weights, save_weights


def test_weights_come_back_within_an_eighth_bit_step(tmp_path):
    state = {"a.weight": torch.randn(64, 96), "a.bias": torch.randn(64), "codec.basis": torch.randn(80, 80)}
    save_weights(tmp_path / "w.safetensors", state)
    back = load_weights(tmp_path / "w.safetensors")
    assert back.keys() == state.keys()
    assert torch.equal(back["a.bias"], state["a.bias"]) and torch.equal(back["codec.basis"], state["codec.basis"])
    step = state["a.weight"].abs().amax(1, keepdim=True) / 127
    assert ((back["a.weight"] - state["a.weight"]).abs() <= 0.51 * step).all()
