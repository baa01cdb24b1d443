//! Russian, Kazakh and English text: detection, tokens, stems, sentences.
