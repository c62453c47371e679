// Small pieces of the page that know nothing of faces.

/** Show a toggle as pressed or not. */
export function press(button, on) {
  button.setAttribute("aria-pressed", String(on));
}

/** Fill a group with one choice a name. @param {(name: string) => string} [picture]  address of its picture */
export function choose(group, names, first, chosen, picture) {
  const buttons = names.map((name) => {
    const button = Object.assign(document.createElement("button"), { type: "button", role: "radio" });
    if (picture) button.append(portrait(name, picture(name)));
    button.append(name[0].toUpperCase() + name.slice(1));
    button.onclick = () => {
      mark(button);
      chosen(name);
    };
    return button;
  });
  const mark = (picked) => {
    for (const button of buttons) {
      button.setAttribute("aria-checked", String(button === picked));
      button.tabIndex = button === picked ? 0 : -1;
    }
  };
  group.onkeydown = (event) => {
    const step = { ArrowRight: 1, ArrowDown: 1, ArrowLeft: -1, ArrowUp: -1 }[event.key];
    if (!step) return;
    event.preventDefault();
    const now = buttons.indexOf(document.activeElement);
    const button = buttons[(now + step + buttons.length) % buttons.length];
    button.focus();
    button.click();
  };
  group.replaceChildren(...buttons);
  mark(buttons[names.indexOf(first)]);
  if (!names.includes(first)) buttons[0].tabIndex = 0; // none is chosen, but the keyboard must get in
}

/** A round picture, or the name's first letter where there is none. */
function portrait(name, address) {
  const frame = document.createElement("i");
  const image = Object.assign(document.createElement("img"), { src: address, alt: "", loading: "lazy" });
  image.onerror = () => (frame.textContent = name[0].toUpperCase());
  frame.append(image);
  return frame;
}

/** Light or dark: as the system has it until the button is pressed. */
export function theme(button) {
  const system = matchMedia("(prefers-color-scheme: dark)");
  const show = () => (document.documentElement.dataset.theme = localStorage.theme ?? (system.matches ? "dark" : "light"));
  system.addEventListener("change", show);
  button.onclick = () => {
    localStorage.theme = document.documentElement.dataset.theme === "dark" ? "light" : "dark";
    show();
  };
  show();
}

/** Files by a picker, or dropped anywhere. */
export function filePicker(input, hint, picked) {
  input.onchange = () => {
    if (input.files[0]) picked(input.files[0]);
    input.value = "";
  };
  const over = (on) => (event) => {
    if (![...(event.dataTransfer?.types ?? [])].includes("Files")) return;
    event.preventDefault();
    hint.hidden = !on;
  };
  addEventListener("dragover", over(true));
  addEventListener("dragleave", (event) => event.relatedTarget || (hint.hidden = true));
  addEventListener("drop", (event) => {
    over(false)(event);
    if (event.dataTransfer.files[0]) picked(event.dataTransfer.files[0]);
  });
}

/** Actions by key; space stays with what it presses. @param {Record<string, () => void>} actions */
export function keys(actions) {
  addEventListener("keydown", (event) => {
    const action = actions[event.key.length === 1 ? event.key.toLowerCase() : event.key];
    const busy = event.key === " " && event.target.closest?.("button, a, input");
    if (!action || busy || event.ctrlKey || event.metaKey || event.altKey || event.repeat) return;
    event.preventDefault();
    action();
  });
}

/** Where the mouse is from the middle of an element: x to the right, y down, 1 at half its smaller edge. */
export function pointer(element, moved) {
  addEventListener("pointermove", ({ pointerType, clientX, clientY }) => {
    if (pointerType !== "mouse") return;
    const { left, top, width, height } = element.getBoundingClientRect();
    const reach = Math.min(width, height) / 2;
    moved((clientX - left - width / 2) / reach, (clientY - top - 0.45 * height) / reach);
  });
}

/** When the page was hidden for so many seconds, and when it is seen again: nobody watches a hidden face. */
export function absence(seconds, left, back) {
  let timer;
  document.addEventListener("visibilitychange", () => {
    clearTimeout(timer);
    if (document.hidden) timer = setTimeout(left, seconds * 1000);
    else back();
  });
}
