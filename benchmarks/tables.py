"""The tables of each kind of result, as this folder's README has them. Knows results, measures nothing."""

from typing import Any

from benchmarks.collection import Collection
from benchmarks.report import Cell, show


def show_quality(collection: Collection, parts: dict[str, Any]) -> None:
    """Print rankings, then evidence, confidence and abstention where the collection has answers."""
    where = f"{collection.name}, {collection.split}"
    measures = [name for name in next(iter(parts.values()))["ranking"] if name != "R@1" or _several(parts)]
    show(
        f"Ranking: {where}",
        ["part", "questions", *measures],
        [
            [name, part["questions"], *(_interval(part["ranking"].get(one)) for one in measures)]
            for name, part in parts.items()
        ],
    )
    answered = {name: part for name, part in parts.items() if "evidence" in part}
    if not answered:
        return
    show(
        f"Evidence: {where}",
        ["part", "answerable", "first sentence", "any of first three", "sentences"],
        [
            [
                name,
                found["answerable"],
                _interval(found["first sentence"]),
                _interval(found["first three"]),
                found["sentences"],
            ]
            for name, found in ((name, part["evidence"]) for name, part in answered.items())
        ],
    )
    _show_confidence(where, answered)


def _show_confidence(where: str, parts: dict[str, Any]) -> None:
    scores = ["AUROC answerable", "AUROC right", "AUROC right of answerable", "calibration error"]
    scores += ["coverage at 90 % precision"]
    show(
        f"Confidence: {where}",
        ["part", *scores, "risk at coverage"],
        [
            [name, *(part["confidence"][one] for one in scores), _risks(part["confidence"])]
            for name, part in parts.items()
        ],
    )
    shares = ["of answerable", "of unanswerable", "right of answered", "right of answered answerable"]
    show(
        f"Abstention at the default threshold: {where}",
        ["part", *shares],
        [[name, *(part["abstention"][one] for one in shares)] for name, part in parts.items()],
    )


def show_peers(collection: Collection, parts: dict[str, Any], timings: dict[str, Any]) -> None:
    """Print each peer's measures with civicite's difference, and the peers' timings."""
    where = f"{collection.name}, {collection.split}"
    rows: list[list[Cell]] = []
    for part, peers in parts.items():
        for peer, measures in peers.items():
            for name, found in measures.items():
                rows.append(
                    [
                        part,
                        peer,
                        name,
                        _interval(found["civicite"]),
                        _interval(found["peer"]),
                        _interval(found["civicite minus peer"]),
                    ]
                )
    show(f"Peers: {where}", ["part", "peer", "measure", "civicite", "peer", "civicite minus peer"], rows)
    show(
        f"Peers' timings: {where}",
        ["peer", "index s", "index MiB", "one question, new process, s", "search ms, median", "p95", "MiB"],
        [
            [
                peer,
                found["index seconds, whole process"],
                found["index MiB"],
                found["one question, whole process, seconds"],
                found["search ms"]["median"],
                found["search ms"]["p95"],
                found["resident MiB"],
            ]
            for peer, found in timings.items()
        ],
    )  # fmt: skip


def show_speed(results: dict[str, Any]) -> None:
    """Print encoding, start-up, answering and indexing."""
    timed = ["median", "least", "greatest", "p95", "runs"]
    encoding, nearness = results["encoding"], results["encoding"]["least cosine to f32"]
    rows: list[list[Cell]] = [
        [engine, *(found[one] for one in timed[:3]), f"{nearness[engine]:.5f}"]
        for engine, found in encoding["passages per second"].items()
    ]
    show(
        f"Encoding, {encoding['tokens']}-token passages a second",
        ["engine", *timed[:3], "least cosine to f32"],
        rows,
    )
    ratio = encoding["times as fast as f32"]
    print(f"\ntimes as fast as f32: {ratio['median']:.2f} ({ratio['least']:.2f} to {ratio['greatest']:.2f})")
    seconds = [[name, *(found[one] for one in timed)] for name, found in results["start-up"].items()]
    show("A new process, seconds", ["command", *timed], seconds)
    answering: list[list[Cell]] = [
        ["ask, in process", *_answering(results["in process"], "ask ms")],
        ["search, in process", *_answering(results["in process"], "search ms")],
        ["ask, HTTP", *_answering(results["served"], "ask ms")],
    ]
    show("One question, milliseconds", ["how", *timed, "process MiB"], answering)
    flat = {name: value for name, value in results["indexing"].items() if not isinstance(value, dict)}
    flat["one more article, seconds"] = results["indexing"]["one more article, seconds"]["median"]
    show("Indexing", list(flat), [list(flat.values())])
    heavy = results["imports"]["heavy packages imported"] or "none"
    print(f"\nHeavy packages imported by 'civicite ask': {heavy}")


def _answering(found: dict[str, Any], name: str) -> list[Cell]:
    return [
        *(found[name][one] for one in ("median", "least", "greatest", "p95", "runs")),
        found["resident MiB after asking"],
    ]


def _several(parts: dict[str, Any]) -> bool:
    """Whether some question has several relevant articles, so that R@1 is not Success@1."""
    return any(part["ranking"]["R@1"] != part["ranking"]["Success@1"] for part in parts.values())


def _interval(found: dict[str, float] | None) -> Cell:
    return f"{found['mean']:.3f} [{found['low']:.3f}, {found['high']:.3f}]" if found else None


def _risks(found: dict[str, Any]) -> str:
    return ", ".join(f"{float(share):.0%}: {risk:.3f}" for share, risk in found["risk at coverage"].items())
