"""The page of `slant serve`: a form to paste a text, and below it the text marked as in the report. It has no script."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from slant import __version__
from slant.records import Score
from slant.reports import page_parts
from slant.reports.article_page import collect, page_environment, shown_articles

MAX_BYTES = 5_000_000


@dataclass(frozen=True, slots=True)
class Form:
    """What was entered. targets: one name per line."""

    text: str = ""
    address: str = ""
    targets: str = ""


def pasted_page(
    form: Form,
    *,
    model: str,
    scores: Sequence[Score] | None = None,
    notes: Sequence[str] = (),
    problem: str = "",
    fetch: bool = False,
) -> tuple[str, str]:
    """Return the page and its content security policy, which allows its style and nothing else.

    scores: of the text; None: nothing was scored yet. notes: on the text as it was read. problem: why it was not scored.
    fetch: ask for an address, too. model: fingerprint, for the footer.
    """
    found = collect(scores, max_articles=5) if scores else None
    labels = found.total.labels() if found else []
    environment = page_environment(page_parts.codes(labels))
    with page_parts.called(found.names if found else {}):
        style = page_parts.source(environment, "report.css") + page_parts.source(environment, "pasted.css")
        page = environment.get_template("pasted.html.j2").render(
            form=form,
            found=found,
            shown=shown_articles(found, environment, MAX_BYTES, None) if found else [],
            labels=labels,
            notes=notes,
            problem=problem,
            fetch=fetch,
            model=model,
            version=__version__,
            style=style,
        )
    policy = (
        f"default-src 'none'; style-src '{page_parts.policy_hash(style)}'; form-action 'self'; base-uri 'none'; "
        "frame-ancestors 'none'"
    )
    return page, policy
