//! The elements of ODF that hold no text of the document: what was deleted, what draws, what programs keep.

/// Deleted text, remarks, the drawing of charts, forms, and what a program keeps for itself.
pub(super) fn is_unread(name: &str) -> bool {
    matches!(
        name,
        "tracked-changes"
            | "annotation"
            | "annotation-end"
            | "forms"
            | "sequence-decls"
            | "scripts"
            | "settings"
            | "font-face-decls"
            | "master-styles"
            | "binary-data"
            | "index-source"
            | "table-of-content-source"
            | "page-number"
            | "desc"
            | "title"
    )
}
