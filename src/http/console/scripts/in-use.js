// Parts of the page that the reader uses are not replaced meanwhile.

/** Returns true while the reader has focus or a selection inside the part. */
export function inUse(part) {
  const selected = document.getSelection();
  return (
    (document.activeElement !== null && document.activeElement !== part && part.contains(document.activeElement)) ||
    (selected !== null && !selected.isCollapsed && part.contains(selected.anchorNode))
  );
}
