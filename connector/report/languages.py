"""The languages of the report."""

from collections.abc import Mapping
from typing import Final

from connector.report.english import ENGLISH
from connector.report.swedish import SWEDISH
from connector.report.words import Language, Words

WORDS: Final[Mapping[Language, Words]] = {"sv": SWEDISH, "en": ENGLISH}
