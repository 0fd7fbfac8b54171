// Shows new requests as they come, and sets what the bin answers. Without it the page is whole, and is loaded anew.
const PAUSE_MS = 2000;
const find = (root) => root.querySelector('main');
const show = async () => {
  const reply = await fetch(location.href, { cache: 'no-cache', headers: { accept: 'text/html' } });
  const fresh = find(new DOMParser().parseFromString(await reply.text(), 'text/html'));
  const shown = find(document);
  if (!reply.ok || !fresh || fresh.dataset.version === shown.dataset.version) return;
  for (const entry of shown.querySelectorAll('details')) {
    const same = fresh.querySelector('#' + entry.id);
    if (same) same.open = entry.open;
  }
  shown.replaceWith(fresh);
};
const watch = async () => {
  // A server that is away for a moment comes back.
  if (!document.hidden) await show().catch(() => {});
  setTimeout(watch, PAUSE_MS);
};
document.addEventListener('click', async ({ target }) => {
  const { answer, clear } = target.dataset;
  if (answer) await fetch('answer', { method: 'PUT', body: answer });
  else if (clear) await fetch('requests', { method: 'DELETE' });
  else return;
  await show();
});
if (find(document).dataset.live) setTimeout(watch, PAUSE_MS);
