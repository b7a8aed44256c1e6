"""`log show|verify|checkpoint|rotate-key|verify-bundle`: the log, and whether it is still what it was."""

import os
from collections.abc import Iterable, Iterator
from itertools import chain, islice
from pathlib import Path
from typing import Annotated, Any

import structlog
import typer
from rich.console import Group
from rich.text import Text

from connector import wiring
from connector.acts import checkpoint as acts
from connector.acts.bundle import every_header, header_document
from connector.acts.checkpoint import Journal, Made
from connector.errors import ConfigurationError, DatabaseUnavailable
from connector.proof import keys as keyring
from connector.proof.check_bundle import BundleVerdict, verify_bundle
from connector.proof.notes import Verifier
from connector.proof.trust import origin_of
from connector.settings import Settings, load
from connector.store.work import Work
from jobs import output
from jobs.checkpoint import journal_of, journals
from jobs.copies import Places, bring, found
from jobs.options import Globals, Outcome, command

Since = Annotated[int, typer.Option("--since", min=0, help="Only entries after the one with this number.")]
Subject = Annotated[str | None, typer.Option("--subject", help="Only entries of this subject reference.")]
Limit = Annotated[int | None, typer.Option("--limit", min=1, help="At most so many; without it all.")]
Payloads = Annotated[bool, typer.Option("--payloads", help="Check every payload against its commitment too.")]
Against = Annotated[
    list[Path] | None,
    typer.Option("--against", help="Checkpoints kept outside: a file or a folder. They find a cut-off log."),
]
To = Annotated[Path | None, typer.Option("--to", help="Write checkpoint and public key to this folder.")]
Git = Annotated[Path | None, typer.Option("--git", help="Commit them in this git repository, and push.")]
Mail = Annotated[bool, typer.Option("--mail", help="Mail the checkpoint to the report's recipients.")]
Key = Annotated[
    str | None, typer.Option("--key", help="The controller's public key, or a file with it, as you know it.")
]
BundleFile = Annotated[Path, typer.Argument(help="The bundle.", show_default=False)]

log = typer.Typer(help="The log, and proofs about it.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    """Add the commands."""
    log.command("show")(show)
    log.command("verify")(verify)
    log.command("checkpoint")(checkpoint)
    log.command("rotate-key")(rotate_key)
    log.command("verify-bundle")(check_bundle)
    app.add_typer(log, name="log")


@command
def show(wanted: Globals, since: Since = 0, subject: Subject = None, limit: Limit = None) -> None:
    """The headers of the log, in order; payloads stay sealed.

    Example: consent-mirror log show --since 100 --json
    """
    settings = load(wanted.config_path)
    name = settings.portal(wanted.portal).name
    ref = _ref(subject)
    with wiring.mirror_of(settings) as mirror, mirror.read(journal_of(settings, mirror, name).portal) as work:
        rows = _documents(work, since, ref, limit)
        if wanted.json:
            output.write_json_list(rows)
            return
        console = output.stdout()
        for row in rows:
            console.print(_line(row), markup=False)


def _documents(work: Work, since: int, ref: str | None, limit: int | None) -> Iterator[dict[str, Any]]:
    return (header_document(header) for header in islice(every_header(work, ref, since), limit))


def _line(row: dict[str, Any]) -> str:
    subject = row["subject_ref"] or "-"
    return f"{row['seq']:>8} {row['recorded_at']} {row['type']:<22} {row['purpose'] or '-':<16} {subject}"


def _ref(text: str | None) -> str | None:
    if text is None or (len(text) == 32 and not set(text) - set("0123456789abcdef")):
        return text
    raise ConfigurationError(
        "That is no subject reference: 32 hexadecimal digits.",
        where="--subject",
        next_step="`consent-mirror person show ADDRESS` names it.",
    )


@command
def verify(wanted: Globals, payloads: Payloads = False, against: Against = None) -> Outcome:
    """Is the log what it was? Every entry, text and checkpoint; exit 3 if not. Needs no HubSpot token.

    Example: consent-mirror log verify --payloads --against checkpoints/
    """
    settings = load(wanted.config_path)
    outside = list(found(against or ()))
    with journals(settings, wanted.portal) as logs:
        _for_somebody(outside, logs)
        parts = [_part(each, payloads=payloads, outside=outside) for each in logs]
    document = _together(parts)
    return Outcome(document, Group(*(Text(_said(part)) for part in parts)), 0 if document["ok"] else 3)


def _part(journal: Journal, *, payloads: bool, outside: list[acts.Copy]) -> dict[str, Any]:
    verdict = acts.verify(journal, payloads=payloads, outside=outside)
    try:
        acts.remember(journal, verdict)
    except DatabaseUnavailable:
        structlog.get_logger().warning("verdict_not_kept", portal=journal.name)
    return acts.document(journal, verdict)


def _for_somebody(outside: Iterable[acts.Copy], logs: Iterable[Journal]) -> None:
    """A checkpoint that belongs to no log looked at would be passed over in silence."""
    names = {origin_of(each.portal) for each in logs}
    for each in outside:
        if each.origin not in names:
            raise ConfigurationError(
                "This checkpoint is of another log.", where=each.where, next_step="Name one of this portal."
            )


def _together(parts: list[dict[str, Any]]) -> dict[str, Any]:
    """The document of one portal; of several: the sums, the first finding and each one's own."""
    if len(parts) == 1:
        return {**parts[0], "portals": parts}
    return {
        "ok": all(part["ok"] for part in parts),
        "entries": sum(part["entries"] for part in parts),
        "root": None,
        "checkpoints": sum(part["checkpoints"] for part in parts),
        "gaps": list(chain.from_iterable(part["gaps"] for part in parts)),
        "restored": list(chain.from_iterable(part["restored"] for part in parts)),
        "first_broken": next((part["first_broken"] for part in parts if not part["ok"]), None),
        "portals": parts,
    }


def _said(part: dict[str, Any]) -> str:
    first = part["first_broken"]
    if first is not None:
        place = f" ({first['where']})" if first["where"] else ""
        return f"{part['portal']}: BROKEN at entry {first['seq']}: {first['problem']}{place}."
    checked = f", {part['payloads']} payloads" if part["payloads"] else ""
    gone = f", {part['erased']} rightly erased" if part["erased"] else ""
    lost = "".join(_gap(each["lost"], each["seq"]) for each in part["restored"] if each["lost"])
    return (
        f"{part['portal']}: sound. {output.many(part['entries'], 'entry', 'entries')}{checked}{gone}, "
        f"{output.many(part['checkpoints'], 'checkpoint')}. Root {part['root']}{lost}"
    )


def _gap(lost: list[int], seq: int) -> str:
    return f"\nEntries {lost[0]} to {lost[1]} of a former log were lost: entry {seq} tells of the restore."


@command
def checkpoint(wanted: Globals, to: To = None, git: Git = None, mail: Mail = False) -> Outcome:
    """Verify the log, sign its end with Ed25519 (C2SP note), and bring copies to a safe place.

    Example: consent-mirror log checkpoint --to /mnt/offsite/checkpoints --mail
    """
    settings, places = load(wanted.config_path), Places(to, git, mail)
    outside = list(found(each for each in places.folders if each.is_dir()))
    with journals(settings, wanted.portal) as logs:
        made = [acts.sign_checkpoint(each, outside) for each in logs]
        documents = [_made(each, bring(settings, logs[0].clock, each, places)) for each in made]
    document = documents[0] if len(documents) == 1 else {"checkpoints": documents}
    return Outcome(document, Text("\n".join(each.note for each in made) + f"\nPublic key {made[0].key}"))


def _made(made: Made, reached: list[str]) -> dict[str, Any]:
    return {
        "portal": made.name,
        "portal_id": made.portal,
        "size": made.size,
        "root": made.root,
        "note": made.note,
        "key": made.key,
        "fresh": made.fresh,
        "earlier": made.earlier,
        "copied_to": reached,
    }


@command
def rotate_key(wanted: Globals) -> Outcome:
    """Exchange the signing key: an entry signed by both keys in every log, then the key file.

    Interrupted, the same command goes on where it stopped. Example: consent-mirror log rotate-key
    """
    settings = load(wanted.config_path)
    _only_a_file(settings)
    path = settings.mirror.keys
    with journals(settings, None) as logs:
        if not keyring.staged(path).exists():
            keyring.stage(path, keyring.with_new_signing(wiring.keys_of(settings), wiring.tools().chance))
        seed = keyring.load(keyring.staged(path)).signing
        for each in logs:
            acts.sign_checkpoint(each)  # the old key's last word, which the new one has to continue
        made = {each.name: acts.rotate_key(each, seed) for each in logs}
        keyring.promote(path)
    lines = [f"{name}  new public key {key}" for name, key in made.items()]
    lines += ["Copy the key file to its safe place again, and hand out the new public key."]
    return Outcome({"keys": made}, Text("\n".join(lines)))


def _only_a_file(settings: Settings) -> None:
    if keyring.VARIABLE in os.environ:
        raise ConfigurationError(
            f"The keys come from ${keyring.VARIABLE}, which this command cannot exchange.",
            where=str(settings.mirror.keys),
            next_step="Put the keys into the file for the rotation, then fill the variable from it anew.",
        )


@command
def check_bundle(wanted: Globals, file: BundleFile, key: Key = None) -> Outcome:
    """Check a bundle offline: no configuration, database or secret is needed; exit 3 if anything is wrong.

    Example: consent-mirror log verify-bundle anna.json --key public-key-62515.txt
    """
    verdict = verify_bundle(_bytes(file), None if key is None else _key(key))
    return Outcome(_verdict(verdict), Text(_bundle_said(verdict)), 0 if verdict.ok else 3)


def _bytes(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise ConfigurationError(
            f"The bundle cannot be read: {error.strerror}.", where=str(path), next_step="Name another file."
        ) from None


def _key(text: str) -> Verifier:
    try:
        path = Path(text)
        return Verifier.parse(path.read_text("utf-8-sig") if path.is_file() else text)
    except (OSError, ValueError):
        raise ConfigurationError(
            "That is no public key.",
            where="--key",
            next_step="It reads name+hash+base64; `consent-mirror log checkpoint` prints it.",
        ) from None


def _verdict(verdict: BundleVerdict) -> dict[str, Any]:
    first = verdict.first_broken
    return {
        "ok": verdict.ok,
        "origin": verdict.origin,
        "key": verdict.key,
        "key_given": verdict.key_given,
        "entries": verdict.entries,
        "payloads": verdict.payloads,
        "erased": verdict.erased,
        "texts": verdict.texts,
        "checkpoints": verdict.checkpoints,
        "size": verdict.size,
        "root": verdict.root,
        "first_broken": None if first is None else _finding(first),
        "findings": [_finding(each) for each in verdict.findings],
    }


def _finding(each: Any) -> dict[str, Any]:
    return {"seq": each.seq, "problem": each.problem, "where": each.where}


def _bundle_said(verdict: BundleVerdict) -> str:
    first = verdict.first_broken
    if first is not None:
        place = f"entry {first.seq}" if first.seq else "the bundle"
        return f"BROKEN: {place}: {first.problem}{f' ({first.where})' if first.where else ''}."
    whose = "" if verdict.key_given else "\nThe key came with the bundle: compare it with the one you know."
    return (
        f"Sound: {verdict.entries} entries ({verdict.payloads} with payload), {verdict.texts} texts, "
        f"all in the log of {verdict.size} entries that {verdict.origin} signed; "
        f"{verdict.checkpoints} earlier checkpoints agree.\nKey {verdict.key}{whose}"
    )
