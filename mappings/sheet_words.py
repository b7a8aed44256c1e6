"""Yes and no as spreadsheets say it, in Swedish and English. A word that is not here is never guessed."""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import Final

from mappings.sheet_cells import DAMAGED, plain, word


class Answer(StrEnum):
    """What a cell of a yes/no column says."""

    YES = "yes"
    NO = "no"
    SILENT = "silent"  # nobody said anything
    UNKNOWN = "unknown"  # a word that we do not know: looked at by a person


WORD: Final = 100  # characters of the longest word that is looked up
YES: Final = """
ja|j|yes|y|true|sant|1|opt in|optin|opted in|subscribed|prenumererar|prenumerant|samtycker|samtycke|consent
consented|godkänd|godkänt|accepterat|accepterar|accepterad|accepted|tackat ja|granted
"""
NO: Final = """
nej|n|no|false|falskt|0|opt out|optout|opted out|unsubscribed|unsubscribe|avregistrerad|avanmäld|avböjt
avböjer|tackat nej|nej tack|spärrad|spärr|återkallat|återkallad|withdrawn|denied
declined|refused|objected|ej samtycke
inget samtycke|stopp|stop|no consent|do not mail|do not contact|får ej kontaktas
"""
SILENT: Final = """
okänt|okänd|unknown|vet ej|saknas|not specified|null|none|n a|na|ej tillfrågad|not asked
"""
#: In a column that marks those who left, a mark alone is enough: a no needs no proof.
MARKS: Final = "x|xx|✓|✔|☑|✗|✘"


def _words(text: str) -> frozenset[str]:
    return frozenset(each.strip() for line in text.splitlines() for each in line.split("|") if each.strip())


@dataclass(frozen=True, slots=True)
class Words:
    """The words of one file: ours, and those that its mapping adds."""

    yes: frozenset[str] = _words(YES)
    no: frozenset[str] = _words(NO)
    silent: frozenset[str] = _words(SILENT)

    def with_more(self, yes: Iterable[str], no: Iterable[str], silent: Iterable[str]) -> "Words":
        """A mapping's own words go before ours: what it calls a no is none of our yeses any more."""
        more_yes, more_no, more_silent = (frozenset(map(_key, each)) for each in (yes, no, silent))
        return Words(
            (self.yes - more_no - more_silent) | more_yes,
            (self.no - more_yes - more_silent) | more_no,
            (self.silent - more_yes - more_no) | more_silent,
        )

    def consent(self, text: str) -> Answer:
        """A column that says whether somebody consented."""
        key = _key(text)
        if key in self.no:
            return Answer.NO
        if key in self.yes:
            return Answer.YES
        return Answer.SILENT if _is_silent(text, key, self.silent) else Answer.UNKNOWN

    def left(self, text: str) -> Answer:
        """A column that marks who unsubscribed: NO where it says so. Not having left is no yes: SILENT."""
        key = _key(text)
        if key in _LEFT or (key in self.yes and key not in _STAYED):
            return Answer.NO
        if key in _STAYED or _is_silent(text, key, self.silent):
            return Answer.SILENT
        return Answer.NO if key in self.no else Answer.UNKNOWN


def _key(text: str) -> str:
    """A long text is no word, and is not remembered."""
    return _remembered(text) if len(text) <= WORD else DAMAGED


@lru_cache(maxsize=1_024)
def _remembered(text: str) -> str:
    bare = plain(text)
    return word(bare) or bare


def _is_silent(text: str, key: str, silent: frozenset[str]) -> bool:
    return key in silent or not plain(text).strip("-–—?.")


#: A plain no in such a column means: has not left.
_STAYED: Final = _words("nej|n|no|false|falskt|0|subscribed|prenumererar|prenumerant|opt in|optin|opted in")
_LEFT: Final = (_words(NO) - _STAYED) | _words(MARKS) | _words("ja|j|yes|y|true|sant|1")
