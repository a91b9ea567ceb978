"""Side (b): the same by PyTorch Lightning, with its defaults;
the figures come from its validation loop and torchmetrics.
"""

import logging
import time
import warnings

import pytorch_lightning as lightning
import torch
from plain import loaders
from task import Task
from torch import nn
from torchmetrics.classification import MulticlassAccuracy

FIGURES = ("j1", "j2", "test_accuracy")


class Module(lightning.LightningModule):
    def __init__(self, task: Task):
        super().__init__()
        self.task, self.network, self.criterion = task, task.plain_network(), nn.CrossEntropyLoss()
        self.running = MulticlassAccuracy(10, average="micro")
        self.exact = nn.ModuleList(MulticlassAccuracy(10, average="micro") for _ in FIGURES)

    def training_step(self, batch, index):
        images, labels = batch
        logits = self.network(images)
        loss = self.criterion(logits, labels)
        self.running(logits, labels)
        self.log("train_loss", loss, on_step=False, on_epoch=True)
        self.log("training_j1", self.running, on_step=False, on_epoch=True)
        return loss

    def validation_step(self, batch, index, dataloader_idx=0):
        images, labels = batch
        self.exact[dataloader_idx](self.network(images), labels)
        self.log(
            FIGURES[dataloader_idx],
            self.exact[dataloader_idx],
            on_step=False,
            on_epoch=True,
            add_dataloader_idx=False,
        )

    def configure_optimizers(self):
        return self.task.plain_optimizer(self.network.parameters())


class Clock(lightning.Callback):
    """When the epoch began, when its steps ended, and when its figures were there."""

    def on_train_epoch_start(self, trainer, module):
        self.start = time.perf_counter()

    def on_validation_start(self, trainer, module):
        self.trained = time.perf_counter()

    def on_train_epoch_end(self, trainer, module):
        self.end = time.perf_counter()


def epoch(task: Task) -> dict:
    """Trains one epoch and evaluates; returns the seconds of the training steps, of all,
    and the figures.
    """
    warnings.filterwarnings(
        "ignore", module="(pytorch_lightning|lightning_fabric)"
    )  # on workers, loggers and clusters
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    torch.set_num_threads(task.spec.threads)
    batches, clock = loaders(task), Clock()
    trainer = lightning.Trainer(
        max_epochs=1,
        accelerator="gpu" if task.device == "cuda" else "cpu",
        devices=1,
        callbacks=[clock],
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        num_sanity_val_steps=0,
    )
    trainer.fit(Module(task), batches["train"], [batches[name] for name in FIGURES])
    figures = {
        name: float(trainer.callback_metrics[name])
        for name in (*FIGURES, "train_loss", "training_j1")
    }
    train_seconds, seconds = clock.trained - clock.start, clock.end - clock.start
    return {
        "train_seconds": train_seconds,
        "seconds": seconds,
        "figures": figures,
        "precision": task.plain_precision,
    }
