"""The weights of segment/comment_section.py from assembled training documents; see comment_boundary.py --fit."""

from __future__ import annotations

from comment_boundary import Truth
from slant.segment import comment_section
from slant.segment.block_roles import is_paragraph, non_content_roles
from slant.segment.markdown import parse_blocks

HAND_SET = ("open_end", "marker")  # see comment_section.py
FALSE_ALARMS = 0.003  # of the training documents without comments, at most


def fit(documents: list[Truth]) -> None:
    """Print both tables: the style of a block, then the section, whose bias keeps false alarms rare."""
    style = fit_style(documents)
    comment_section.STYLE_WEIGHTS.update(style)
    show("STYLE_WEIGHTS", comment_section.STYLE_WEIGHTS)
    show("SECTION_WEIGHTS", fit_section(documents))


def show(name: str, weights: dict[str, float]) -> None:
    print(f"{name} = {{")
    for key, value in weights.items():
        print(f'    "{key}": {value:.2f},')
    print("}")


def fit_style(documents: list[Truth]) -> dict[str, float]:
    """Logistic regression, comment paragraphs against article paragraphs, classes balanced."""
    rows, labels = [], []
    for truth in documents:
        usual = sorted(end - start for start, end in truth.paragraphs[:6])[len(truth.paragraphs[:6]) // 2]
        for start, end in truth.paragraphs[1:]:
            rows.append(comment_section.style_features(truth.text[start:end].removeprefix("- "), usual))
            labels.append(0)
        for start, end, _ in truth.comments:
            for paragraph in truth.text[start:end].split("\n\n"):
                rows.append(comment_section.style_features(paragraph, usual))
                labels.append(1)
    return regress(rows, labels, comment_section.STYLE_WEIGHTS)


def fit_section(documents: list[Truth]) -> dict[str, float]:
    """Logistic regression on the candidate sections; the bias is then lowered to keep false alarms rare."""
    rows, labels = [], []
    for truth in documents:
        found = parse_blocks(truth.text)
        neutral = [bool(role) for role in non_content_roles(found)]
        first = next((i for i, b in enumerate(found) if not neutral[i] and is_paragraph(b)), None)
        if first is None:
            continue
        evidence = comment_section.block_evidence(found, neutral, first)
        at = comment_section.change_point(evidence, first)
        if at is not None and truth.style != "marker":
            rows.append(comment_section.section_features(evidence, at, first))
            labels.append(int(bool(truth.comments)))
    weights = regress(rows, labels, comment_section.SECTION_WEIGHTS)
    alone = sum(not truth.comments for truth in documents)
    scores = sorted(
        (
            sum(weights[name] * row[name] for name in weights)
            for row, label in zip(rows, labels, strict=True)
            if not label
        ),
        reverse=True,
    )
    allowed = int(FALSE_ALARMS * alone)
    weights["bias"] -= max(scores[allowed], 0.0) if allowed < len(scores) else 0.0
    return weights


def regress(rows: list[dict[str, float]], labels: list[int], before: dict[str, float]) -> dict[str, float]:
    """Weights by feature name, in the order of the table `before`, whose hand-set entries are kept."""
    from sklearn.linear_model import LogisticRegression

    names = [name for name in before if name not in HAND_SET]
    model = LogisticRegression(C=1.0, class_weight="balanced", fit_intercept=False, max_iter=2000)
    model.fit([[row[name] for name in names] for row in rows], labels)
    fitted = dict(zip(names, (round(float(weight), 2) for weight in model.coef_[0]), strict=True))
    return {name: fitted.get(name, weight) for name, weight in before.items()}
