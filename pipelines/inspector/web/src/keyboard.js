// Keys, all listed in the page's help.

export const KEYS = [
  ["/", "search by name"], ["f", "fit everything"], ["+ −", "zoom the graph"], ["↓ ↑", "next or previous object"],
  ["e", "expand the selected node"], ["u", "fold everything again"], ["p", "pin or unpin"], ["n", "rename"],
  ["a", "accept the detection"], ["r", "reject the detection"], ["b", "draw the box of a new object"],
  ["m", "merge the selected objects"], ["Del", "delete"], ["Ctrl Z", "undo"], ["Ctrl Y", "redo"],
  ["Esc", "clear the selection"], ["?", "this list"],
];

/** Call `actions[name]` for each key; no key is taken while somebody types. */
export function listenToKeys(actions) {
  const named = {
    "/": "search", f: "fit", "+": "zoomIn", "=": "zoomIn", "-": "zoomOut", ArrowDown: "next", ArrowUp: "previous",
    e: "expand", u: "fold", p: "pin", n: "rename", a: "accept", r: "reject", b: "draw", m: "merge",
    Delete: "remove", Backspace: "remove", Escape: "clear", "?": "help",
  };
  addEventListener("keydown", (event) => {
    const typing = event.target.closest?.("input:not([type=checkbox]):not([type=range]), textarea, select");
    const control = event.ctrlKey || event.metaKey;
    let name = control || event.altKey ? undefined : named[event.key];
    if (control && event.key.toLowerCase() === "z") name = event.shiftKey ? "redo" : "undo";
    if (control && event.key.toLowerCase() === "y") name = "redo";
    if (!name || (typing && name !== "clear") || document.querySelector("dialog[open]")) return;
    event.preventDefault();
    actions[name]();
  });
}
