"""Where this installation keeps personal data and keys: the files that `access` looks at."""

from pathlib import Path

from connector.acts.access import Place, Rules
from connector.acts.desk import Desk
from connector.settings import Settings
from connector.store.engine import parse, sqlite_path


def places_of(settings: Settings, portal: str) -> list[Place]:
    """Database, its journal, the keys, and the portal's token where it is a file; absolute paths."""
    database = parse(settings.mirror.database)
    path = sqlite_path(database)
    stem = path.name if path is not None else f"{database.database}.db"
    found = [
        Place("keys", settings.mirror.keys),
        Place("journal", settings.mirror.keys.parent / f"{stem}.journal"),
    ]
    if path is not None:
        found.insert(0, Place("database", path))
    token = settings.portal(portal).token_file
    if token is not None:
        found.append(Place("token", token))
    return [Place(each.what, Path(each.path).resolve()) for each in found]


def access_rules(settings: Settings, desk: Desk) -> Rules:
    """The numbers of `[access]`, now."""
    return Rules(dormant_ms=settings.access.dormant * 1000, now=desk.clock.now())
