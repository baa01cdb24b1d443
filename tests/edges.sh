#!/usr/bin/env bash
# Fails when a crate depends on one of ours that ARCHITECTURE.md does not allow it.
set -euo pipefail
cd "$(dirname "$0")/.."
allowed() {
  case "$1" in
    protocol|corpus|models|encoder) echo "" ;;
    language|journal) echo "corpus" ;;
    ingest|index|answer) echo "corpus language" ;;
    gateway) echo "corpus protocol" ;;
    docent) echo "answer corpus encoder gateway index ingest journal language models protocol" ;;
    *) echo "?" ;;
  esac
}
bad=0
for manifest in crates/*/Cargo.toml; do
  crate=$(basename "$(dirname "$manifest")")
  for edge in $(sed -n 's/^docent-\([a-z]*\)\.workspace.*/\1/p' "$manifest"); do
    case " $(allowed "$crate") " in
      *" $edge "*) ;;
      *) echo "forbidden edge: $crate -> $edge ($manifest)"; bad=1 ;;
    esac
  done
done
exit $bad
