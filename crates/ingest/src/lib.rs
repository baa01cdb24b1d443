//! From the operator's folder to assistants, structured documents and passages.
