"""Texts that onnxruntime encodes in a second on one core, for `cargo bench --bench texts` to be compared with.

    pip install onnxruntime tokenizers torch transformers
    python peer.py MODEL MODEL.onnx TEXTS      # MODEL.onnx is exported from MODEL when it is not there
"""

import os
import sys
import time

import numpy
import onnxruntime
from tokenizers import Tokenizer

BATCH = 32
LONGEST = 256


def export(folder, to):
    import torch
    from transformers import AutoModel

    class Rows(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.model = AutoModel.from_pretrained(folder, attn_implementation="eager")

        def forward(self, words, mask):
            types = torch.zeros_like(words)
            return self.model(input_ids=words, attention_mask=mask, token_type_ids=types).last_hidden_state

    words = torch.ones(2, 16, dtype=torch.long)
    sides = {0: "batch", 1: "length"}
    torch.onnx.export(
        Rows().eval(), (words, torch.ones_like(words)), to, input_names=["words", "mask"], output_names=["rows"],
        dynamic_axes={"words": sides, "mask": sides, "rows": sides}, dynamo=False, opset_version=17,
    )


folder, path, texts = sys.argv[1:]
if not os.path.exists(path):
    export(folder, path)
options = onnxruntime.SessionOptions()
options.intra_op_num_threads = options.inter_op_num_threads = 1
session = onnxruntime.InferenceSession(path, options, providers=["CPUExecutionProvider"])
tokenizer = Tokenizer.from_file(os.path.join(folder, "tokenizer.json"))
tokenizer.enable_truncation(LONGEST)
tokenizer.enable_padding()
with open(texts, encoding="utf-8") as file:
    texts = file.read().splitlines()
best = float("inf")
for _ in range(3):
    begun = time.process_time()
    for first in range(0, len(texts), BATCH):
        batch = tokenizer.encode_batch(texts[first : first + BATCH])
        words = numpy.array([one.ids for one in batch], dtype=numpy.int64)
        mask = numpy.array([one.attention_mask for one in batch], dtype=numpy.int64)
        rows = session.run(None, {"words": words, "mask": mask})[0]
        pooled = (rows * mask[:, :, None]).sum(1) / mask.sum(1)[:, None]
        pooled /= numpy.linalg.norm(pooled, axis=1, keepdims=True)
    best = min(best, time.process_time() - begun)
print(f"{len(texts)} texts, best of 3: {len(texts) / best:.2f} texts a second of the processor")
