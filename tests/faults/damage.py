"""Files damaged at random: each reader ends in a clear error that names the file and what to do, or
in the same result.
"""

import contextlib
import gzip
import io
import itertools
import struct
import tarfile
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from corrupt import Wrong, try_all
from place import CONFIG, Place, measured

from memutils import data, runs, sources, training
from memutils.runs import checkpoints, records, specs


def same(got, expected) -> str:
    """'same', or Wrong."""
    if got != expected:
        raise Wrong("another result without a word")
    return "same"


def record_files(place: Place, n: int, rng) -> Iterator[tuple[dict, list[str]]]:
    """A record and its arrays, read as the figures do."""
    (key, spec), (other, other_spec) = list(place.scale().specs().items())[:2]
    record, another = (runs.run(s, "tiny", progress=False) for s in (spec, other_spec))
    whole, arrays = measured(record), {k: v.tobytes() for k, v in record.arrays().items()}
    strange = [
        b"",
        b"{}",
        b"null",
        another.path.read_bytes(),
        CONFIG.encode(),
        b"[" * 5000,
        b'{"format": 1}',
        rng.bytes(999),
    ]

    def figures() -> str:
        found = {r.key: r for r in records.load("tiny")}
        if set(found) != {key, other}:
            raise Wrong("a seed is skipped in silence")
        return same(measured(found[key]), whole)

    yield try_all("record", record.path, strange, n, rng, figures)
    path = record.path.with_suffix(".npz")
    strange = [
        b"",
        another.path.with_suffix(".npz").read_bytes(),
        record.path.read_bytes(),
        rng.bytes(999),
    ]
    yield try_all(
        "companion arrays",
        path,
        strange,
        n,
        rng,
        lambda: same(
            {k: v.tobytes() for k, v in records.read(record.path).arrays().items()}, arrays
        ),
    )
    for r in (record, another):
        r.path.unlink()


class Killed(BaseException):
    """Ends a run as a signal would."""


def checkpoint_file(place: Place, n: int, rng) -> Iterator[tuple[dict, list[str]]]:
    """A checkpoint after two thirds of a run: it is gone on from, or the run starts anew; the
    record is the same.
    """
    (spec, other, *_), seconds = place.scale().specs().values(), checkpoints.CHECKPOINT_SECONDS
    whole = measured(runs.run(spec, "tiny", progress=False))
    kept = {}
    checkpoints.CHECKPOINT_SECONDS, original = 0, training.Trainer.epoch

    def epoch(trainer, number, exact):
        if number > 8:
            raise Killed
        return original(trainer, number, exact)

    for s in (spec, other):
        records.path_of("tiny", place.scale().key(s)).unlink(missing_ok=True)
        training.Trainer.epoch = epoch
        with contextlib.suppress(Killed):
            runs.run(s, "tiny", progress=False)
        training.Trainer.epoch = original
        path = checkpoints.work_folder("tiny") / f"{place.scale().key(s)}.ckpt"
        kept[path] = path.read_bytes()
    checkpoints.CHECKPOINT_SECONDS = seconds
    (path, content), (_, another) = kept.items()

    def go_on() -> str:
        before, said = path.read_bytes(), io.StringIO()
        with contextlib.redirect_stderr(said):
            record = runs.run(spec, "tiny", progress=False)
        record.path.unlink()
        told = str(path) in said.getvalue() and "starting from the first epoch" in said.getvalue()
        if told == (before == content):
            raise Wrong(f"said: {said.getvalue()!r}")
        same(measured(record), whole)
        return "same, after a word about starting anew"

    yield try_all("checkpoint", path, [b"", b"\0" * 100, another, rng.bytes(5000)], n, rng, go_on)


def no_network(root: Path) -> None:
    """Stands for a download: none would bring these made-up images."""
    raise OSError("no network")


def data_files(n: int, rng) -> Iterator[tuple[dict, list[str]]]:
    """Made-up images in each form in which data may lie on disk, whose fingerprints stand in for
    those of the originals.
    """
    sources.download_mnist = sources.download_cifar = no_network
    shapes = {"mnist": (28, 28), "cifar10": (32, 32, 3)}
    arrays = {}
    for name, shape in shapes.items():
        x, y = (
            rng.integers(256, size=(60, *shape), dtype=np.uint8),
            (np.arange(60) % 10).astype(np.uint8),
        )
        arrays[name] = (x[:50], y[:50], x[50:], y[50:])
        for part, split in (
            ("train", data.canonical(x[:50], y[:50])),
            ("test", data.canonical(x[50:], y[50:])),
        ):
            data.FINGERPRINTS[name, part] = data.fingerprint(split)
    with tempfile.TemporaryDirectory() as folder:
        for name, label, paths in (
            ("mnist", "npz data", [save_npz(Path(folder, "a"), arrays["mnist"], np.savez)]),
            (
                "mnist",
                "compressed npz data",
                [save_npz(Path(folder, "b"), arrays["mnist"], np.savez_compressed)],
            ),
            ("mnist", "MNIST's raw files", save_idx(Path(folder, "c"), arrays["mnist"])),
            ("cifar10", "CIFAR-10's archive", [save_tar(Path(folder, "d"), arrays["cifar10"])]),
        ):
            root = Path(folder, paths[0].relative_to(folder).parts[0])
            whole = data.load(name, root).fingerprints, data.load(name, root).train.labels.tolist()

            def load(name=name, root=root, whole=whole) -> str:
                dataset = data.load(name, root)
                return same((dataset.fingerprints, dataset.train.labels.tolist()), whole)

            strange = [b"", rng.bytes(500), gzip.compress(b"x"), b"PK\x05\x06" + bytes(18)]
            found = [
                try_all(label, path, strange, -(-n // len(paths)), rng, load) for path in paths
            ]
            row = found[0][0] | {k: sum(f[0][k] for f in found) for k in ("cases", "passed")}
            row["detail"] = "; ".join(f[0]["detail"] for f in found)
            yield row, [w for f in found for w in f[1]]


def save_npz(folder: Path, arrays, save: Callable) -> Path:
    folder.mkdir()
    save(folder / "mnist.npz", **dict(zip(("x_train", "y_train", "x_test", "y_test"), arrays)))
    return folder / "mnist.npz"


def save_idx(folder: Path, arrays) -> list[Path]:
    raw = folder / "MNIST" / "raw"
    raw.mkdir(parents=True)
    names = ("train-images-idx3", "train-labels-idx1", "t10k-images-idx3", "t10k-labels-idx1")
    for name, array in zip(names, arrays):
        header = struct.pack(f">HBB{array.ndim}I", 0, 8, array.ndim, *array.shape)
        (raw / f"{name}-ubyte").write_bytes(header + array.tobytes())
    return [raw / f"{name}-ubyte" for name in names]


def save_tar(folder: Path, arrays) -> Path:
    folder.mkdir()
    x, y, x_test, y_test = arrays
    parts = {
        f"data_batch_{i + 1}": (x[i * 10 : i * 10 + 10], y[i * 10 : i * 10 + 10]) for i in range(5)
    }
    with tarfile.open(folder / "cifar-10-binary.tar.gz", "w:gz") as tar:
        for name, (images, labels) in (parts | {"test_batch": (x_test, y_test)}).items():
            rows = [
                bytes([k]) + image.transpose(2, 0, 1).tobytes() for image, k in zip(images, labels)
            ]
            info = tarfile.TarInfo(f"cifar-10-batches-bin/{name}.bin")
            info.size = 3073 * len(rows)
            tar.addfile(info, io.BytesIO(b"".join(rows)))
    return folder / "cifar-10-binary.tar.gz"


def config_file(place: Place, n: int, rng) -> Iterator[tuple[dict, list[str]]]:
    """A config: a clear error, or valid runs,
    the first of which is carried out and its record shows the values.
    """
    before = place.scale().specs()

    def use() -> str:
        scale = specs.load_scale("tiny")
        changed = {key: spec for key, spec in scale.specs().items() if before.get(key) != spec}
        for key, spec in itertools.islice(changed.items(), 1):
            if spec.epochs > 200 or spec.threads > 2:
                continue  # valid, and longer than this check has
            record = runs.run(spec, scale, progress=False)
            record.path.unlink()
            if record.spec != records.spec_dict(spec) or record.key != key:
                raise Wrong("the record does not show the config's values")
            return "valid, its record shows the values"
        return "valid, the same runs" if not changed else "valid, its record shows the values"

    strange = [
        b"",
        b"grid: 1",
        b"- a",
        b"\xff\xfe",
        b"defaults: {lr: .nan}",
        b"extends: tiny",
        b"networks: {mlp: 3}",
        b"&a [*a]",
    ]
    yield try_all("config", place.config, strange, n, rng, use)


def main(seed: int, cases: int) -> tuple[list[dict], list[str]]:
    """Rows for the table, and what went wrong, over at least so many cases."""
    rng, rows, wrong = np.random.default_rng(seed), [], []
    n = -(-cases // 5)
    dataset = data.load("mnist5k")
    data.DATASETS["mnist5k"] = lambda root: (
        dataset
    )  # reading it anew for each run would take most of the time
    with Place() as place:
        parts = itertools.chain(
            record_files(place, n, rng),
            checkpoint_file(place, n, rng),
            data_files(n // 2, rng),
            config_file(place, n, rng),
        )
        for row, bad in parts:
            rows.append(row)
            wrong += bad
            print(
                f"  {row['what']}: {row['passed']} of {row['cases']} ({row['detail']})", flush=True
            )
    return rows, wrong
