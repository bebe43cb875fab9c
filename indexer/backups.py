"""Backups: a consistent copy of a live index, and an index made from such a copy, both checked in full.

A backup is a folder that is itself an index: the catalog, the mark, and a manifest with their digests.
Projections are not copied: they are rebuilt from the catalog, without encoding, when the backup is
restored. Both directions prepare everything aside and make it visible in one step at the end.
"""

import os
import shutil
from collections.abc import Callable
from contextlib import closing, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import NoReturn

from indexer.catalog import Catalog
from indexer.checking import check
from indexer.copying import copy_catalog, replace_catalog
from indexer.durable import sync_folder, write_atomically
from indexer.editor import Editor
from indexer.erasing import erased_identities
from indexer.errors import IndexDamaged, IndexUnusable, InputError
from indexer.layout import Layout
from indexer.locking import check_vacant, held
from indexer.manifest import (
    Manifest,
    damaged,
    describe,
    file_digest,
    is_backup,
    read_manifest,
    write_manifest,
)
from indexer.marks import check_mark, is_gone, read_mark, watermark, write_mark
from indexer.repairing import repair
from indexer.upkeep import upkeep

Stage = Callable[[str], None]
"""Called with the name of each stage of the work as it begins."""


@dataclass(frozen=True, slots=True)
class Restored:
    """What was restored; ``erased`` names articles that the replaced index had erased since the backup.

    It is None where that index cannot be read: what it had erased may be there again.
    """

    manifest: Manifest
    erased: tuple[str, ...] | None


def backup(folder: Path, place: Path, stage: Stage = lambda name: None) -> Manifest:
    """Write a backup of an index, which may be in use and written to, and check it; returns its manifest.

    ``place`` appears whole or not at all. An earlier backup there is replaced, anything else is refused.
    Raises InputError for such a place, IndexDamaged when the index is not sound, IndexLocked when another
    backup to that place is under way, IndexUnusable when it cannot be written.
    """
    layout, place = Layout(folder.resolve()), place.resolve()
    catalog = Catalog(layout)
    try:
        _check_place(layout, place)
        draft = Layout(_beside(place, "part"))
        with held(draft):
            try:
                _settle(place)
                manifest = _filled(catalog, draft, stage)
                _appear(draft, place)
            except OSError as error:
                inside = Path(str(error.filename)).is_relative_to(layout.root)
                where = error.filename if inside else place
                raise IndexUnusable(
                    f"{where}: {error.strerror}; check the folder's permissions and the free space"
                ) from error
            finally:
                shutil.rmtree(draft.root, ignore_errors=True)
    finally:
        catalog.close()
    return manifest


def restore(
    source: Path, folder: Path, *, replace: bool = False, wait: float = 0, stage: Stage = lambda name: None
) -> Restored:
    """Make an index from a backup, checked before anything is changed.

    An index that is there already is replaced only with ``replace``, in one transaction: programs that
    have it open see the old one or the new one. What it had erased stays erased. Raises InputError,
    IndexLocked, or IndexDamaged, naming the file, when the backup is not what was written.
    """
    source = source.resolve()
    _brought_back(source)
    layout, backed_up = Layout(folder), Layout(source)
    manifest = read_manifest(backed_up)
    if layout.catalog.exists() and not replace:
        raise InputError(
            str(folder), "there is an index here", "confirm with --yes, or choose another folder with --index"
        )
    check_vacant(folder)
    if source == folder.resolve():
        raise InputError(str(folder), "it is the backup itself", "choose another folder with --index")
    stage("Checking the backup")
    for name, sha256 in manifest.files.items():
        _check_file(backed_up.root / name, backed_up, sha256)
    # Who rebuilds goes on for long with a catalog that would be another.
    with upkeep(layout), held(layout, wait):
        draft = layout.restoring
        shutil.rmtree(draft.root, ignore_errors=True)
        try:
            stage("Copying the backup")
            _copy(backed_up, draft, manifest)
            stage("Rebuilding what is searched")
            # An older catalog is brought to the present schema here, not under those who read it.
            Catalog(draft, create=True).close()
            repair(draft.root)
            erased = _erase_again(layout, draft)
            stage("Checking")
            _check(draft)
            _take_over(layout, draft)
        finally:
            shutil.rmtree(draft.root, ignore_errors=True)
    return Restored(manifest, erased)


def _check_place(layout: Layout, place: Path) -> None:
    mend = "choose a folder that is not there yet, or an earlier backup"
    if place == layout.root or layout.root in place.parents:
        raise InputError(str(place), "it lies in the index itself", mend)
    if not place.parent.is_dir():
        raise InputError(str(place), "its parent folder is not there", "make the parent folder first")
    if place.exists() and not is_backup(place) and not (place.is_dir() and not any(place.iterdir())):
        raise InputError(str(place), "it is there and is no backup", mend)
    for beside in (_beside(place, "part"), _beside(place, "old")):
        if os.path.lexists(beside) and not _is_left_behind(beside):
            raise InputError(str(beside), "it is in the way and is no backup", "move it elsewhere")


def _filled(catalog: Catalog, draft: Layout, stage: Stage) -> Manifest:
    for path in draft.root.iterdir():
        if path not in (draft.lock, draft.lock_holder):
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    stage("Copying the catalog")
    with catalog.reading() as connection:
        check_mark(catalog.layout, connection)
        mark = watermark(connection)
        copy_catalog(connection, draft.catalog)
    write_mark(draft, mark)
    files = [draft.catalog, draft.mark]
    if catalog.layout.sources.is_file():
        write_atomically(draft.sources, catalog.layout.sources.read_bytes())
        files.append(draft.sources)
    stage("Checking")
    _check(draft)
    manifest = describe(draft, mark, files)
    write_manifest(draft, manifest)
    return manifest


def _check(draft: Layout) -> None:
    for found in check(draft.root):
        if found.kind == "damage":
            problem = f"{found.where}: {found.problem}".replace(f"{draft.root}/", "")
            raise IndexDamaged(f"the index is not sound: {problem}; run 'civicite verify'")


def _copy(backed_up: Layout, draft: Layout, manifest: Manifest) -> None:
    """Copy the files and compare the copies' digests, so that a failing disk is noticed too."""
    draft.root.mkdir(parents=True)
    for name, sha256 in manifest.files.items():
        shutil.copyfile(backed_up.root / name, draft.root / name)
        _check_file(draft.root / name, draft, sha256)
    if (mark := read_mark(draft)) is None or (mark.commit, mark.chain) != (manifest.commit, manifest.chain):
        raise damaged(backed_up.mark)


def _check_file(path: Path, layout: Layout, sha256: str) -> None:
    if path.parent != layout.root or not path.is_file() or file_digest(path) != sha256:
        raise damaged(path)


def _erase_again(layout: Layout, draft: Layout) -> tuple[str, ...] | None:
    """Erase in the draft what the index that it replaces has erased since; None when that cannot be told."""
    if not layout.catalog.exists():
        return None if is_gone(layout) else ()
    try:
        with closing(Catalog(layout)) as catalog, catalog.reading() as connection:
            erased = erased_identities(connection)
    except IndexUnusable:
        return None
    with Editor(draft.root, _no_encoder) as editor:
        return tuple(editor.erase_again(erased).erased)


def _no_encoder() -> NoReturn:
    raise AssertionError("nothing is encoded here")


def _appear(draft: Layout, place: Path) -> None:
    """Give a finished backup its name; an earlier one is kept until the new one is there."""
    old = _beside(place, "old")
    if place.exists():
        place.replace(old)
    draft.root.replace(place)
    sync_folder(place.parent)
    shutil.rmtree(old, ignore_errors=True)
    # The draft was locked while it was written; a backup is only read.
    for path in (Layout(place).lock, Layout(place).lock_holder):
        path.unlink(missing_ok=True)


def _settle(place: Path) -> None:
    """Finish what a backup that was killed between its last two renames left undone."""
    _brought_back(place)
    shutil.rmtree(_beside(place, "old"), ignore_errors=True)


def _brought_back(place: Path) -> None:
    """Give an earlier backup its name again, when the new one has not come in its place."""
    old = _beside(place, "old")
    if not os.path.lexists(place) and _is_left_behind(old) and is_backup(old):
        old.replace(place)


def _beside(place: Path, what: str) -> Path:
    """A folder beside a backup, by a name that nobody chooses who does not mean it."""
    return place.with_name(f".{place.name}.civicite-{what}")


def _is_left_behind(folder: Path) -> bool:
    """Tell whether a folder is a backup, or holds only what an unfinished one does."""
    if folder.is_symlink() or not folder.is_dir():
        return False
    layout = Layout(folder)
    files = {layout.mark, layout.sources, layout.manifest, layout.lock, layout.lock_holder, layout.queue}
    files |= {layout.seal, *folder.glob(f"{layout.catalog.name}*"), *layout.leftovers()}
    return is_backup(folder) or files.issuperset(folder.iterdir())


def _take_over(layout: Layout, draft: Layout) -> None:
    """Make the draft the index. Killed at any point, it leaves the old index or the new one."""
    mark = read_mark(draft)
    # Without a mark nothing counts as lost, whichever of the two catalogs is there after a kill.
    layout.mark.unlink(missing_ok=True)
    sync_folder(layout.root)
    replace_catalog(layout, draft)
    for here, there in zip(layout.projections, draft.projections, strict=True):
        shutil.rmtree(here, ignore_errors=True)
        if there.is_dir():
            # What cannot be deleted cannot be trusted either: whoever reads builds it in memory.
            with suppress(OSError):
                there.replace(here)
    if draft.sources.is_file():
        draft.sources.replace(layout.sources)
    if mark is not None:
        write_mark(layout, mark)
    with closing(Catalog(layout)) as catalog:
        catalog.fold()  # its pages are others now: they are sealed anew
