import pytest


@pytest.fixture
def no_grad():
    torch = pytest.importorskip("torch")
    with torch.no_grad():
        yield
