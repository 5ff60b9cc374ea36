#include "server/page.h"

#include "base/bytes.h"
#include "server/parts.h"

namespace shieldwall::server {

namespace {

constexpr std::string_view style =
    "body{font:16px/1.5 system-ui,sans-serif;max-width:44rem;margin:4rem auto;padding:0 1rem;color:#1c2733;"
    "background:#f6f8fa}h1{margin:0;font-size:2rem}p.lead{color:#4a5a6a;margin-top:.2rem}"
    "table{border-collapse:collapse;background:#fff;border:1px solid #d5dde5;border-radius:6px;width:100%}"
    "td{padding:.5rem .8rem;border-top:1px solid #e6ecf2}tr:first-child td{border-top:0}"
    "td:first-child{color:#4a5a6a;width:12rem}.good{color:#17693a;font-weight:600}"
    ".bad{color:#a11d1d;font-weight:600}a{color:#0b5cad}code{background:#e9eef3;padding:.1rem .3rem;"
    "border-radius:3px}@media(prefers-color-scheme:dark){body{background:#12181f;color:#dce4ec}"
    "table{background:#1a222b;border-color:#2c3945}td{border-color:#2c3945}"
    "p.lead,td:first-child{color:#9fb0c0}a{color:#79b8ff}code{background:#26313c}.good{color:#5fd38d}"
    ".bad{color:#ff8a8a}}";

std::string in_words(Duration length) {
  const auto whole_minutes = length.us / minutes(1).us;
  if (whole_minutes < 120) return fmt::format("{} minutes", whole_minutes);
  const auto whole_hours = whole_minutes / 60;
  return whole_hours < 48 ? fmt::format("{} hours", whole_hours) : fmt::format("{} days", whole_hours / 24);
}

void metric(std::string& out,
            std::string_view name,
            std::string_view type,
            std::string_view help,
            std::uint64_t value) {
  out += fmt::format(
      "# HELP shieldwall_{0} {1}\n# TYPE shieldwall_{0} {2}\nshieldwall_{0} {3}\n", name, help, type, value);
}

}  // namespace

std::string html_escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  for (const char c : text) {
    switch (c) {
      case '&':
        out += "&amp;";
        break;
      case '<':
        out += "&lt;";
        break;
      case '>':
        out += "&gt;";
        break;
      case '"':
        out += "&quot;";
        break;
      case '\'':
        out += "&#39;";
        break;
      default:
        out += c;
    }
  }
  return out;
}

std::string front_page_policy() {
  static const std::string policy = fmt::format(
      "default-src 'none'; style-src 'sha256-{}'; base-uri 'none'; form-action 'none'; "
      "frame-ancestors 'none'",
      to_base64(sha256(style).view()));
  return policy;
}

std::string front_page_html(const FrontPage& page) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>Shieldwall: {0}</title>"
      "<meta name=\"viewport\" content=\"width=device-width\"><style>{1}</style></head>\n<body>\n"
      "<h1>{0}</h1>\n<p class=\"lead\">A Shieldwall node: members of an alliance share what they know of "
      "cyber "
      "threats here, and nothing leaves but what its owner released.</p>\n<table>\n"
      "<tr><td>State</td><td class=\"{2}\">{3}</td></tr>\n"
      "<tr><td>Running for</td><td>{4}</td></tr>\n"
      "<tr><td>Waiting for full text</td><td>{5} objects</td></tr>\n"
      "<tr><td>Version</td><td>{6}</td></tr>\n"
      "<tr><td>For scripts</td><td><a href=\"/openapi.json\">API description (OpenAPI 3.1)</a>, under "
      "<code>/api/v1</code></td></tr>\n"
      "<tr><td>For threat-intelligence tools</td><td>TAXII 2.1 at <a "
      "href=\"/taxii2/\"><code>/taxii2/</code></a>"
      "</td></tr>\n"
      "<tr><td>For monitoring</td><td><a href=\"/healthz\"><code>/healthz</code></a>, "
      "<a href=\"/readyz\"><code>/readyz</code></a></td></tr>\n</table>\n"
      "<p>Accounts are made by the node's operator: <code>shieldwall user add</code>.</p>\n</body></html>\n",
      html_escaped(page.node),
      style,
      page.ready ? "good" : "bad",
      page.ready ? "ready" : "not ready; the node's log says why",
      in_words(page.up),
      page.text_lag,
      page.version);
}

std::string metrics_text(const Parts& parts, Timestamp now) {
  std::string out;
  const auto& counted = parts.counters;
  out +=
      "# HELP shieldwall_answers_total answers given, by class of status\n# TYPE shieldwall_answers_total "
      "counter\n";
  for (int status = 1; status <= 5; ++status)
    out += fmt::format(
        "shieldwall_answers_total{{status=\"{}xx\"}} {}\n", status, counted.answers[status].load());
  metric(out, "handler_microseconds_total", "counter", "time spent in handlers", counted.microseconds);
  metric(out, "sign_ins_refused_total", "counter", "wrong or expired credentials", counted.refused_sign_ins);
  metric(out, "sign_ins_limited_total", "counter", "tries beyond the limit", counted.limited_sign_ins);
  metric(out,
         "text_lag_objects",
         "gauge",
         "holdings not yet searchable by words",
         parts.store.objects().text_lag());
  metric(out, "ready", "gauge", "1 when the node can do its work", parts.ready ? 1 : 0);
  metric(out,
         "up_seconds",
         "gauge",
         "since the start",
         static_cast<std::uint64_t>((now - parts.started).us / seconds(1).us));
  if (!parts.connections) return out;
  const auto server = parts.connections();
  metric(out, "connections_open", "gauge", "connections now", server.connections_open);
  metric(out, "connections_accepted_total", "counter", "connections taken", server.connections_accepted);
  metric(out,
         "connections_refused_total",
         "counter",
         "over a limit, or out of descriptors",
         server.connections_refused);
  metric(out, "handshakes_failed_total", "counter", "TLS handshakes that failed", server.handshakes_failed);
  metric(out, "requests_total", "counter", "requests read", server.requests);
  metric(out, "requests_busy_total", "counter", "answered 503: the pool was full", server.requests_busy);
  metric(out, "requests_refused_total", "counter", "broke HTTP or a limit", server.requests_refused);
  metric(out, "timed_out_total", "counter", "too slow, in either direction", server.timed_out);
  metric(out, "streams_open", "gauge", "event streams now", server.streams_open);
  return out;
}

}  // namespace shieldwall::server
