"""Names for the reader of what the settings name."""


class Names(dict):
    """Names by what the settings have; what has none, as a loss of one's own, keeps that."""

    def __missing__(self, name: str) -> str:
        return name


LOSS_NAMES = Names(
    {
        "cce": "CCE",
        "mse": "MSE",
        "mae": "MAE",
        "rll": "RLL",
        "nmse": "normalized MSE",
        "shifted-ce": "shifted CE",
        "gce": "GCE",
        "symmetrized-gce": "symmetrized GCE",
        "unhinged": "unhinged",
        "label-smoothing": "label smoothing",
        "nce": "normalized CE",
        "rce": "reverse CE",
        "sce": "symmetric CE (SCE)",
        "nce-rce": "NCE + RCE",
        "nce-mae": "NCE + MAE",
        "nce-agce": "NCE + AGCE",
        "agce": "AGCE",
        "aul": "AUL",
        "ael": "AEL",
        "js": "Jensen-Shannon",
        "bi-tempered": "bi-tempered",
        "taylor-ce": "Taylor CE",
        "eps-softmax": "ε-softmax CE + MAE",
        "logit-clip-cce": "CCE with LogitClip",
        "even-rll": "evened RLL",
        "even-mse": "evened MSE",
    }
)
NETWORK_NAMES = Names(
    {
        "mlp": "MLP",
        "resnet18": "ResNet-18",
        "resnet32": "ResNet-32",
        "inception-lite": "Inception-Lite",
        "inception-lite-no-bn": "Inception-Lite without BatchNorm",
    }
)
DATASET_NAMES = Names({"mnist5k": "MNIST (5k)", "mnist": "MNIST", "cifar10": "CIFAR-10"})
METRIC_NAMES = Names(
    {
        "j1": "J1",
        "j2": "J2",
        "fitted": "fitted",
        "memorized": "memorized",
        "recovered": "recovered",
        "test_accuracy": "test accuracy",
    }
)


def title(network: str, dataset: str) -> str:
    """'ResNet-18 on MNIST'; what has no name for the reader keeps that of the settings."""
    return f"{NETWORK_NAMES[network]} on {DATASET_NAMES[dataset]}"
