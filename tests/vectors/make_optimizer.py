"""Makes optimizer.json: parameters after each step of PyTorch's optimizers on fixed gradients (f32).

Made with PyTorch 2.15. Run: python tests/vectors/make_optimizer.py > tests/vectors/optimizer.json
"""

import json
import torch

START = {"a": [0.5, -1.25, 2.0, 0.0], "b": [1e-3, -3.0, 0.75]}
STEPS = 6


def gradient(name, step):
    offset = {"a": 0, "b": 5}[name]
    return [
        ((7 * i + 13 * step + offset) % 11 - 5) * 10.0 ** ((i + step) % 4 - 2)
        for i in range(len(START[name]))
    ]


GRADIENTS = [{n: gradient(n, s) for n in START} for s in range(STEPS)]

CASES = [
    {"optimizer": "adam", "lr": 1e-2, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8},
    {"optimizer": "adam", "lr": 1e-3, "beta1": 0.5, "beta2": 0.9, "eps": 1e-7, "clip": 0.5},
    {"optimizer": "adamw", "lr": 1e-2, "beta1": 0.9, "beta2": 0.999, "eps": 1e-8, "weight_decay": 0.1},
    {"optimizer": "sgd", "lr": 1e-2, "momentum": 0.0, "weight_decay": 0.0},
    {"optimizer": "sgd", "lr": 1e-2, "momentum": 0.9, "weight_decay": 0.01},
    {"optimizer": "sgd", "lr": 1e-2, "momentum": 0.9, "weight_decay": 0.0, "clip": 3.0},
]


def make(config, parameters):
    if config["optimizer"] == "sgd":
        return torch.optim.SGD(
            parameters, lr=config["lr"], momentum=config["momentum"], weight_decay=config["weight_decay"]
        )
    kind = {"adam": torch.optim.Adam, "adamw": torch.optim.AdamW}[config["optimizer"]]
    return kind(
        parameters,
        lr=config["lr"],
        betas=(config["beta1"], config["beta2"]),
        eps=config["eps"],
        weight_decay=config.get("weight_decay", 0.0),
        foreach=False,
    )


def run(config):
    parameters = {n: torch.nn.Parameter(torch.tensor(v)) for n, v in START.items()}
    optimizer = make(config, list(parameters.values()))
    after = []
    for gradients in GRADIENTS:
        for name, values in gradients.items():
            parameters[name].grad = torch.tensor(values)
        if "clip" in config:
            torch.nn.utils.clip_grad_norm_(parameters.values(), config["clip"])
        optimizer.step()
        after.append({n: p.detach().tolist() for n, p in parameters.items()})
    return {"config": config, "after": after}


print(
    json.dumps(
        {
            "pytorch": torch.__version__,
            "start": START,
            "gradients": GRADIENTS,
            "cases": [run(config) for config in CASES],
        },
        indent=1,
    )
)
