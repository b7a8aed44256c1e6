"""The inventory as a document that a lead reads: every figure of `inventory --json`, in one language. Pure.

The page is made from the JSON document, so that the two cannot say different things.
"""

from collections.abc import Iterator, Mapping
from typing import Any, Final

from connector.proof import page
from connector.proof.page import Block, Page
from connector.proof.words import WORDS as PAPER
from connector.report.charts import Chart, Plan, bars, data_url
from connector.report.inventory_words import HUBSPOT_BASES, PROCESSING_BASES, SOURCES, TEXTS
from connector.report.languages import WORDS
from connector.report.words import Language, Words

#: Rows of the longest tables; the JSON document has all.
SHOWN: Final = 60
AGES: Final = ("under_1_year", "1_to_2_years", "2_to_3_years", "3_to_5_years", "over_5_years", "unknown")


def plans(found: Mapping[str, Any], language: Language) -> dict[str, Plan]:
    """The charts to draw."""
    say, words = TEXTS[language], WORDS[language]
    if not found["contacts"]:
        return {}
    sources = {SOURCES[language].get(name, name): n for name, n in found["by_object_source"].items()}
    ages = {say[name]: found["by_age"][name] for name in AGES if found["by_age"][name]}
    status = {_title(each, language): each["subscribed"] for each in found["purposes"]}
    return {
        "origin": bars(sources, say["chart_origin"], words),
        "age": bars(ages, say["chart_age"], words, "#56B4E9"),
        "status": bars(status, say["chart_status"], words, "#009E73"),
    }


def inventory_page(
    found: Mapping[str, Any],
    language: Language,
    charts: tuple[Chart, ...] | None,
    *,
    controller: str,
    portal: str,
    at: int,
    zone: str,
) -> Page:
    """The whole document; `charts` None: they could not be drawn, and the page says so."""
    say = TEXTS[language]
    made = _Document(found, language, {chart.name: chart for chart in charts or ()})
    moment = PAPER[language].moment(at, zone)
    head = ((say["controller"], controller), (say["portal"], portal), (say["at"], moment))
    blocks = (*made.beginning(head), *made.body(drawn=charts is not None))
    return Page(language=language, title=say["title"], author=controller, at=at, blocks=blocks)


class _Document:
    """The parts of one document."""

    def __init__(self, found: Mapping[str, Any], language: Language, charts: Mapping[str, Chart]) -> None:
        self._found = found
        self._language = language
        self._charts = charts
        self._say = TEXTS[language]
        self._words: Words = WORDS[language]

    def beginning(self, head: tuple[tuple[str, str], ...]) -> Iterator[Block]:
        """Title, what it is about, and what somebody has to look at first."""
        say, found = self._say, self._found
        covered = self._told(
            "covered_value", share=self._words.share(found["coverage"]), not_read=found["not_read"]
        )
        yield page.title(say["title"])
        yield page.para(say["intro"])
        yield page.facts(
            [
                *head,
                (say["contacts"], self._number(found["contacts"])),
                (say["covered"], covered),
            ]
        )
        worries = list(self._worries())
        if worries:
            yield page.points(say["first"], worries, warning=True)
        else:
            yield page.para(say["nothing"])

    def body(self, *, drawn: bool) -> Iterator[Block]:
        """The parts in the order in which a reader asks."""
        if not drawn:
            yield page.para(self._say["no_charts"])
        yield from self._origins()
        yield from self._ages()
        yield from self._bases()
        yield from self._purposes()
        yield from self._properties()
        yield from self._forms()
        yield page.points(self._say["next"], self._say["next_steps"].split("|"))

    def _worries(self) -> Iterator[str]:
        found = self._found
        flagged = [each for each in found["properties"] if each["flagged"]]
        counts = (
            ("no_reason", found["without_reason"]),
            ("no_reason_unknown", found["without_reason_unknown"]),
            ("sensitive", sum(each["sensitive"] for each in found["properties"])),
            ("unused", len(flagged)),
            ("forms_lack", sum(bool(each["lacks"]) for each in found["forms"] or ())),
            ("no_email", found["without_email"]),
            ("unreadable", found["unreadable_email"]),
            ("shared", found["shared_addresses"]),
            ("roles", found["role_addresses"]),
        )
        return (self._told(name, count=count) for name, count in counts if count)

    def _origins(self) -> Iterator[Block]:
        say, found = self._say, self._found
        named = {SOURCES[self._language].get(k, k): n for k, n in found["by_object_source"].items()}
        yield page.heading(say["origin"])
        yield page.para(say["origin_text"])
        yield from self._chart("origin")
        yield self._counts(say["source"], named)
        for name, counts in (("forms", "by_form"), ("imports", "by_import"), ("apps", "by_app")):
            if found[counts]:
                yield self._counts(say[name], self._readable(found[counts]))

    def _ages(self) -> Iterator[Block]:
        yield page.heading(self._say["age"])
        yield page.para(self._say["age_text"])
        yield from self._chart("age")
        yield self._counts(self._say["age"], {self._say[k]: self._found["by_age"][k] for k in AGES})

    def _bases(self) -> Iterator[Block]:
        named = PROCESSING_BASES[self._language]
        counts = self._found["by_processing_basis"].items()
        yield page.heading(self._say["basis"])
        yield page.para(self._say["basis_text"])
        yield self._counts(self._say["basis_head"], {_joined(name, named): n for name, n in counts})

    def _purposes(self) -> Iterator[Block]:
        say, purposes = self._say, self._found["purposes"]
        head = (say["purpose"], say["subscribed"], say["unsubscribed"], say["not_specified"])
        rows = [
            (_title(each, self._language), *(self._number(each[key]) for key in _STATUSES))
            for each in purposes
        ]
        bases = [
            (_title(each, self._language), HUBSPOT_BASES[self._language].get(basis, basis), self._number(n))
            for each in purposes
            for basis, n in each["by_basis"].items()
        ]
        yield page.heading(say["purposes"])
        yield page.para(say["purposes_text"])
        yield from self._chart("status")
        yield page.table(head, rows, right=(1, 2, 3))
        yield page.para(self._told("opted_out", count=self._found["opted_out_of_all"]))
        if bases:
            head_of_bases = (say["purpose"], say["hubspot_basis"], say["people"])
            yield page.table(head_of_bases, bases, right=(2,), caption=say["bases"])

    def _properties(self) -> Iterator[Block]:
        say = self._say
        head = (say["property"], say["filled"], say["used"], say["remark"])
        filled = [each for each in self._found["properties"] if each["filled"] != 0]
        yield page.heading(say["properties"])
        yield page.para(say["properties_text"])
        yield page.table(head, [self._property(each) for each in filled[:SHOWN]], right=(1,))
        if len(filled) > SHOWN:
            yield page.para(self._words.say("more", count=len(filled) - SHOWN))

    def _property(self, each: Mapping[str, Any]) -> tuple[str, str, str, str]:
        say = self._say
        count = say["not_counted"] if each["filled"] is None else self._number(each["filled"])
        used = ", ".join(say["always"] if name == "*" else name for name in each["used_by"])
        remarks = [say["is_sensitive"]] if each["sensitive"] else []
        remarks += [say["is_unused"]] if each["flagged"] else []
        return f"{each['label']} ({each['name']})", count, used or "–", ", ".join(remarks) or "–"

    def _forms(self) -> Iterator[Block]:
        say, forms = self._say, self._found["forms"]
        yield page.heading(say["lint"])
        if not forms:
            yield page.para(say["no_forms" if forms is None else "no_boxes"])
            return
        yield page.para(say["lint_text"])
        rows = [
            (
                each["name"],
                each["purpose"] or str(each["subscription_id"]),
                " ".join(lack[self._language] for lack in each["lacks"]) or say["complete"],
            )
            for each in forms[:SHOWN]
        ]
        yield page.table((say["form"], say["purpose"], say["lacks"]), rows)

    def _chart(self, name: str) -> Iterator[Block]:
        chart = self._charts.get(name)
        if chart is not None:
            yield page.figure(chart.title, data_url(chart), chart.alt)

    def _counts(self, title: str, counts: Mapping[str, int]) -> Block:
        rows = [(name, self._number(count)) for name, count in counts.items()]
        return page.table((title, self._say["people"]), rows, right=(1,))

    def _readable(self, counts: Mapping[str, int]) -> dict[str, int]:
        named = {"": self._say["rest"], "unknown": self._say["unknown"]}
        return {named.get(name, name): count for name, count in counts.items()}

    def _told(self, key: str, **values: object) -> str:
        written = {k: self._number(v) if isinstance(v, int) else v for k, v in values.items()}
        return self._say[key].format(**written)

    def _number(self, value: int) -> str:
        return self._words.number(value)


_STATUSES: Final = ("subscribed", "unsubscribed", "not_specified")


def _title(purpose: Mapping[str, Any], language: Language) -> str:
    return str(purpose["title"].get(language) or purpose["purpose"])


def _joined(name: str, named: Mapping[str, str]) -> str:
    """Several bases of one record, each in words."""
    return " + ".join(named.get(part.strip(), part.strip()) for part in name.split(";"))
