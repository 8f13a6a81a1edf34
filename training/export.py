"""Put a model where the stream finds it, so that a reader meets a whole model at any instant.

A reader opens the manifest first and then what it names. So everything is put into place before the manifest,
which is what makes the promotion; the former artifact stays beside the new one, and the rest of the former
model in the folder `former`, until the next promotion.
"""

import hashlib
from collections.abc import Collection, Mapping
from fnmatch import fnmatch
from pathlib import Path
from typing import Final, NamedTuple

from stream_app.core.errors import ManifestError, ModelError
from stream_app.core.manifest import Manifest, decode_manifest
from stream_app.model_store import FORMER_FOLDER, GOLDEN_FILE, MANIFEST_FILE
from training.artifact import CARD_FILE
from training.destinations import UNFINISHED, Target

PROMOTION_FILE: Final = "promotion.json"
ARTIFACTS: Final = "model-*.joblib"
BESIDE: Final = (GOLDEN_FILE, CARD_FILE, PROMOTION_FILE)
"""What stands beside an artifact and is named alike in every model, without the manifest."""


class ModelFiles(NamedTuple):
    """A model as its files.

    Attributes:
        manifest: the decoded manifest.
        contents: by name, the manifest and the artifact among them.
    """

    manifest: Manifest
    contents: Mapping[str, bytes]


def folder_files(folder: Path) -> ModelFiles:
    """The files of a model in a local folder, such as a candidate's.

    Raises:
        ModelError: one is missing, or is not what the manifest states.
    """
    contents = {path.name: path.read_bytes() for path in folder.glob("*") if path.is_file()}
    return _checked(contents, str(folder))


def current(place: Target) -> ModelFiles | None:
    """The reigning champion's files, None when there is no manifest.

    Raises:
        ModelError: what is there is not a whole model.
    """
    manifest = _manifest(place, MANIFEST_FILE)
    if manifest is None:
        return None
    contents = _read(place, (MANIFEST_FILE, manifest.file, *BESIDE))
    broken_off = _sha256(contents.get(GOLDEN_FILE)) != manifest.golden_sha256
    if broken_off and place.read(_former_name(MANIFEST_FILE)) == contents[MANIFEST_FILE]:
        contents |= _read_former(place)
    return _checked(contents, place.address)


def former(place: Target) -> ModelFiles | None:
    """The files of the champion before the reigning one, None when none was kept.

    Raises:
        ModelError: what is there is not a whole model.
    """
    manifest = _manifest(place, _former_name(MANIFEST_FILE))
    if manifest is None:
        return None
    contents = _read_former(place) | _read(place, (manifest.file,))
    return _checked(contents, f"{place.address}/{FORMER_FOLDER}")


def publish(model: ModelFiles, place: Target, reigning: ModelFiles | None) -> None:
    """Make this model the champion of the place, the manifest last, and keep the reigning one as the former.

    Broken off at any point it leaves the old champion or the new one in force, and can be done again.

    Args:
        model: what becomes the champion.
        place: where.
        reigning: what `current` gives for the place; None when there is nothing that is worth keeping.

    Raises:
        ModelError: what was written does not read back.
        OSError: a file cannot be written.
    """
    if reigning is not None and reigning.manifest == model.manifest:
        return
    if reigning is not None:
        _keep(reigning, place)
    _put(model, place)
    _tidy(place, {model.manifest.file} | ({reigning.manifest.file} if reigning else set()))


def _put(model: ModelFiles, place: Target) -> None:
    contents = dict(model.contents)
    manifest = contents.pop(MANIFEST_FILE)
    for name, content in contents.items():
        place.write(name, content)
    for name in set(BESIDE) - contents.keys():
        place.delete(name)
    for name, content in contents.items():
        if place.read(name) != content:
            raise ModelError(f"{place.address}/{name}: does not read back as it was written; promote again")
    place.write(MANIFEST_FILE, manifest)


def _tidy(place: Target, kept: Collection[str]) -> None:
    """Remove older artifacts, and what a killed promotion left over."""
    for name in place.names():
        old = fnmatch(name, ARTIFACTS) and name not in kept
        if old or fnmatch(name, UNFINISHED):
            place.delete(name)


def _keep(reigning: ModelFiles, place: Target) -> None:
    """Copy what is about to be replaced into the folder of the former model, its manifest last as well."""
    manifest = reigning.contents[MANIFEST_FILE]
    if place.read(_former_name(MANIFEST_FILE)) == manifest:
        return
    place.delete(_former_name(MANIFEST_FILE))
    for name in BESIDE:
        content = reigning.contents.get(name)
        if content is None:
            place.delete(_former_name(name))
        else:
            place.write(_former_name(name), content)
    place.write(_former_name(MANIFEST_FILE), manifest)


def _former_name(name: str) -> str:
    return f"{FORMER_FOLDER}/{name}"


def _read(place: Target, names: tuple[str, ...]) -> dict[str, bytes]:
    found = {name: place.read(name) for name in names}
    return {name: content for name, content in found.items() if content is not None}


def _read_former(place: Target) -> dict[str, bytes]:
    names = (MANIFEST_FILE, *BESIDE)
    found = _read(place, tuple(map(_former_name, names)))
    return {name.removeprefix(f"{FORMER_FOLDER}/"): content for name, content in found.items()}


def _manifest(place: Target, name: str) -> Manifest | None:
    content = place.read(name)
    if content is None:
        return None
    try:
        return decode_manifest(content)
    except ManifestError as error:
        raise ManifestError(f"{place.address}/{name}: {error}") from error


def _checked(contents: Mapping[str, bytes], where: str) -> ModelFiles:
    """The files that make a model, when each is there and is what the manifest states.

    Raises:
        ModelError: one is not.
    """
    if MANIFEST_FILE not in contents:
        raise ModelError(f"{where}/{MANIFEST_FILE}: missing; train the candidate again")
    try:
        manifest = decode_manifest(contents[MANIFEST_FILE])
    except ManifestError as error:
        raise ManifestError(f"{where}/{MANIFEST_FILE}: {error}") from error
    stated = {manifest.file: manifest.sha256, GOLDEN_FILE: manifest.golden_sha256}
    for name in (*stated, CARD_FILE):
        if name not in contents:
            raise ModelError(f"{where}/{name}: missing; train the candidate again")
    for name, sha256 in stated.items():
        if _sha256(contents[name]) != sha256:
            raise ModelError(f"{where}/{name}: was changed or cut off; train the candidate again")
    names = (manifest.file, *BESIDE, MANIFEST_FILE)
    return ModelFiles(manifest, {name: contents[name] for name in names if name in contents})


def _sha256(content: bytes | None) -> str:
    return hashlib.sha256(content or b"").hexdigest()
