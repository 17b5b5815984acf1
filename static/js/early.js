// Whoever types faster than the page loads loses nothing: keys that are pressed before the scripts listen are kept,
// and pressed again once they do. Loaded before everything else, and as small as can be.

(() => {
  const kept = [];
  const typing = "input, textarea, select, [contenteditable]";
  const keep = (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || !event.isTrusted) return;
    const { key } = event;
    const isTyping = event.target.matches?.(typing);
    const isKey = key.length === 1 || key === "Escape" || key.startsWith("Arrow");
    // Plain typing and plain Enter work without scripts, unless a key before them has been kept.
    if (kept.length ? key === "Enter" || isKey : isTyping ? key === "ArrowDown" : isKey && key !== " ") {
      event.preventDefault();
      kept.push(key);
    }
  };
  document.addEventListener("keydown", keep, true);
  window.earlyKeys = () => {
    document.removeEventListener("keydown", keep, true);
    return kept.splice(0);
  };
  // Scripts that never came must not keep the page from working without them.
  window.addEventListener("load", window.earlyKeys);
})();
