/** htmx for partial updates, without its inline style, and with the page's CSRF token on what it sends. */
import "htmx.org";
import { csrfToken } from "../ui/http.ts";

interface ConfigRequest {
  ctx: { request: { method: string; headers: Record<string, string> } };
}

document.addEventListener("htmx:config:request", (event) => {
  const { request } = (event as CustomEvent<ConfigRequest>).detail.ctx;
  request.headers["X-CSRF-Token"] = csrfToken();
});
