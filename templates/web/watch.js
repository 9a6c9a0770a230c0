"use strict";
// Shows how far a scan is: the words are those of the page, asked for again whenever something has changed.
(() => {
  const place = document.querySelector("[data-events]");
  if (!place || !window.EventSource) return;
  let busy = false;
  let again = false;

  async function show() {
    if (busy) {
      again = true;
      return;
    }
    busy = true;
    do {
      again = false;
      try {
        const answer = await fetch(location.href, { cache: "no-store" });
        const fresh = new DOMParser().parseFromString(await answer.text(), "text/html");
        for (const old of document.querySelectorAll("[data-live]")) {
          const now = fresh.getElementById(old.id);
          if (now && now.innerHTML !== old.innerHTML) old.replaceChildren(...now.childNodes);
        }
      } catch {
        // the next event asks again
      }
    } while (again);
    busy = false;
  }

  const news = new EventSource(place.dataset.events);
  news.addEventListener("progress", show);
  news.addEventListener("over", () => {
    news.close();
    location.reload();
  });
  news.addEventListener("error", () => {
    if (news.readyState === EventSource.CLOSED) setTimeout(() => location.reload(), 3000);
  });
})();
