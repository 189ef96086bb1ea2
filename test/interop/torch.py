"""The PyTorch side of torch.interop.mjs: one process for all cases.

    python3 test/interop/torch.py write FOLDER     FOLDER/<case>.torch.safetensors: states of nn.Sequential, and FOLDER/torch.json
    python3 test/interop/torch.py read FOLDER      FOLDER/<case>.nabla.safetensors into nn.Sequential, and FOLDER/nabla.json

Both JSON files are { torch, safetensors, cases: { <case>: { x, output } } }: rows of input and what the network makes of them, flat, as
float32. `read` has x of nabla's from FOLDER/x.json. The format is read and written by its specification where the package is not there.
"""

import json
import struct
import sys
from pathlib import Path

# This file is named as the package is, and its folder comes first.
sys.path.pop(0)

import torch  # noqa: E402
from torch import nn  # noqa: E402

try:
    import safetensors
    import safetensors.torch
except ImportError:
    safetensors = None


# What modules have: parameters and statistics are float32, counters int64.
DTYPES = {torch.float32: ("F32", "f"), torch.int64: ("I64", "q")}


def save(tensors):
    """A file of the length of the header, the header, the values."""
    if safetensors is not None:
        return safetensors.torch.save(tensors)
    header, values = {}, b""
    for name, tensor in tensors.items():
        dtype, code = DTYPES[tensor.dtype]
        numbers = tensor.flatten().tolist()
        piece = struct.pack(f"<{len(numbers)}{code}", *numbers)
        header[name] = {"dtype": dtype, "shape": list(tensor.shape), "data_offsets": [len(values), len(values) + len(piece)]}
        values += piece
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    return struct.pack("<Q", len(text)) + text + values


def load(data):
    """The tensors of a file, all of them float32."""
    if safetensors is not None:
        return safetensors.torch.load(data)
    (length,) = struct.unpack("<Q", data[:8])
    header = json.loads(data[8:8 + length])
    values = data[8 + length:]
    tensors = {}
    for name, place in header.items():
        if name == "__metadata__":
            continue
        assert place["dtype"] == "F32", place
        begin, end = place["data_offsets"]
        tensors[name] = torch.tensor(struct.unpack(f"<{(end - begin) // 4}f", values[begin:end])).reshape(place["shape"])
    return tensors


# The same networks stand in torch.interop.mjs, as layers of nabla.
CASES = {
    "linear": lambda: [nn.Linear(4, 3)],
    "no bias": lambda: [nn.Linear(4, 3, bias=False)],
    "relu": lambda: [nn.Linear(4, 8), nn.ReLU(), nn.Linear(8, 2)],
    "tanh": lambda: [nn.Linear(4, 8), nn.Tanh(), nn.Linear(8, 2), nn.Tanh()],
    "gelu": lambda: [nn.Linear(4, 8), nn.GELU(), nn.Linear(8, 2)],
    "dropout": lambda: [nn.Dropout(0.3), nn.Linear(4, 8), nn.ReLU(), nn.Dropout(0.5), nn.Linear(8, 2), nn.Softmax(dim=1)],
    "batch normalization": lambda: [nn.Linear(4, 8), nn.BatchNorm1d(8, eps=1e-5), nn.ReLU(), nn.Linear(8, 2)],
    "layer normalization": lambda: [nn.LayerNorm(4, eps=1e-5), nn.Linear(4, 8), nn.LayerNorm(8, eps=1e-5), nn.Tanh(), nn.Linear(8, 2)],
    "all": lambda: [
        nn.BatchNorm1d(4, eps=1e-3), nn.Linear(4, 33), nn.GELU(), nn.Dropout(0.5), nn.LayerNorm(33, eps=1e-3), nn.Linear(33, 20, bias=False),
        nn.BatchNorm1d(20, eps=1e-3), nn.ReLU(), nn.Linear(20, 17), nn.Tanh(), nn.Linear(17, 3), nn.LogSoftmax(dim=1),
    ],
}

PARTS = {"kernel": "weight", "bias": "bias", "gamma": "weight", "beta": "bias", "movingMean": "running_mean", "movingVariance": "running_var"}


def state_from(tensors, network):
    """A state of the network: nabla's layers, which are numbered by their type, and its modules that have parameters, each in order."""
    kinds = {nn.Linear: "dense", nn.BatchNorm1d: "batchNormalization", nn.LayerNorm: "layerNormalization"}
    counts, state, used = {}, {}, set()
    for place, module in enumerate(network):
        kind = kinds.get(type(module))
        if kind is None:
            continue
        counts[kind] = counts.get(kind, 0) + 1
        for ours, theirs in PARTS.items():
            name = f"{kind}_{counts[kind]}/{ours}"
            if name in tensors:
                used.add(name)
                # A kernel is [inputs, outputs], a weight the other way round.
                state[f"{place}.{theirs}"] = tensors[name].t() if ours == "kernel" else tensors[name]
    assert used == set(tensors), set(tensors) - used
    return state


def result(network, x):
    with torch.no_grad():
        output = network.eval()(x)
    return {"x": x.flatten().tolist(), "output": output.flatten().tolist()}


def trained(network):
    """Some steps, so that no parameter and no statistic is what it began with."""
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    for _ in range(5):
        optimizer.zero_grad()
        (network(torch.randn(16, 4) * 2 + 1) - 1).square().mean().backward()
        optimizer.step()
    return network


def main(command, folder):
    torch.manual_seed(11)
    cases = {}
    inputs = json.loads((folder / "x.json").read_text()) if command == "read" else None
    for name, modules in CASES.items():
        network = nn.Sequential(*modules())
        if command == "write":
            trained(network)
            (folder / f"{name}.torch.safetensors").write_bytes(save(network.state_dict()))
            cases[name] = result(network, torch.randn(10, 4) * 2)
        else:
            state = state_from(load((folder / f"{name}.nabla.safetensors").read_bytes()), network)
            missing, unknown = network.load_state_dict(state, strict=False)
            assert not unknown and all(key.endswith("num_batches_tracked") for key in missing), (missing, unknown)
            cases[name] = result(network, torch.tensor(inputs).reshape(-1, 4))
    written = {"torch": torch.__version__, "safetensors": getattr(safetensors, "__version__", None), "cases": cases}
    (folder / ("torch.json" if command == "write" else "nabla.json")).write_text(json.dumps(written))


if __name__ == "__main__":
    main(sys.argv[1], Path(sys.argv[2]))
