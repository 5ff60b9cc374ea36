#include "server/page.h"

#include "base/bytes.h"
#include "server/parts.h"

namespace shieldwall::server {

namespace {

constexpr std::string_view style =
    ":root{color-scheme:light dark;--ink:#1c2733;--soft:#4a5a6a;--paper:#f3f6f9;--card:#fff;--line:#d9e1e9;"
    "--link:#0b5cad;--good:#17693a;--bad:#a11d1d;--code:#e9eef3}"
    "@media(prefers-color-scheme:dark){:root{--ink:#dce4ec;--soft:#9fb0c0;--paper:#12181f;--card:#1a222b;"
    "--line:#2c3945;--link:#79b8ff;--good:#5fd38d;--bad:#ff8a8a;--code:#26313c}}"
    "*{box-sizing:border-box}body{font:16px/1.55 system-ui,sans-serif;max-width:50rem;margin:3rem auto;"
    "padding:0 1rem;color:var(--ink);background:var(--paper)}"
    "header{display:flex;gap:1rem;align-items:center}header svg{width:3rem;height:3.4rem;flex:none}"
    "h1{margin:0;font-size:1.9rem;line-height:1.2;overflow-wrap:anywhere}header p{margin:0;color:var(--soft)}"
    "h2{font-size:1.05rem;margin:2rem 0 .5rem}"
    ".card{background:var(--card);border:1px solid var(--line);border-radius:8px;margin:0;padding:.3rem "
    "1.1rem}"
    ".state{display:flex;flex-wrap:wrap;gap:.2rem .7rem;align-items:baseline;padding:.9rem "
    "1.1rem;margin-top:1.5rem;"
    "border-left:6px solid}.state b{font-size:1.15rem}.state span{color:var(--soft)}"
    ".good{border-left-color:var(--good)}.good b{color:var(--good)}"
    ".bad{border-left-color:var(--bad)}.bad b{color:var(--bad)}"
    "dl div{display:grid;grid-template-columns:13rem 1fr;gap:0 1rem;padding:.65rem 0;border-top:1px solid "
    "var(--line)}"
    "dl div:first-child{border-top:0}dt{font-weight:600}dd{margin:0}dd small{color:var(--soft);display:block}"
    "a{color:var(--link)}code{background:var(--code);padding:.1rem .35rem;border-radius:4px;font-size:.92em;"
    "overflow-wrap:anywhere}footer{color:var(--soft);margin:2rem 0;font-size:.92em}"
    "@media(max-width:40rem){body{margin:1.5rem auto}dl div{grid-template-columns:1fr}h1{font-size:1.5rem}}";

/// A shield beside a shield, in the colours of the page.
constexpr std::string_view emblem =
    "<svg viewBox=\"0 0 48 54\" role=\"img\" aria-label=\"Shieldwall\"><path fill=\"#8fb4d9\" d=\"M26 6l19 "
    "6v17c0 11"
    "-8 18-19 23z\"/><path fill=\"#0b5cad\" d=\"M22 2L3 8v18c0 12 8 20 19 25 11-5 19-13 19-25V8z\"/><path "
    "fill=\"none\" stroke=\"#fff\" stroke-width=\"3.5\" stroke-linecap=\"round\" stroke-linejoin=\"round\" "
    "d=\"M13 26l7 7 12-14\"/></svg>";

/// One line of the list: what it is for, where it is, what to know.
std::string entry(std::string_view what, std::string_view where, std::string_view note) {
  return fmt::format("<div><dt>{}</dt><dd>{}<small>{}</small></dd></div>\n", what, where, note);
}

std::string doors() {
  return entry("For scripts",
               "<a href=\"/openapi.json\">API description</a> (OpenAPI 3.1)",
               "The API itself stands under <code>/api/v1</code>; <a "
               "href=\"/api/v1/me\"><code>/api/v1/me</code></a> "
               "says who you are and what you may do. Sign in with an API key or account and password.") +
         entry("For threat-intelligence tools",
               "<a href=\"/taxii2/\"><code>/taxii2/</code></a> (TAXII 2.1)",
               "Give your tool this address, an account and its password. It finds the collections itself.") +
         entry("For monitoring",
               "<a href=\"/healthz\"><code>/healthz</code></a> and <a "
               "href=\"/readyz\"><code>/readyz</code></a>",
               "Does the process answer; can it do its work. Metrics have a listener of their own.") +
         entry("For people",
               "<code>shieldwall --help</code>",
               "The command line, on the node's own machine. A console in the browser is to come.");
}

std::string accounts() {
  return entry("To get one",
               "ask the operator of your organisation",
               "An account belongs to one organisation, and sees what was released to that one.") +
         entry("To make one",
               "<code>shieldwall user add NAME --role analyst --dir NODE</code>",
               "On the node's machine, NODE being its folder. There is no default password.") +
         entry("To make the first from afar",
               "<code>POST /api/v1/first-run</code>",
               "With the token that <code>shieldwall init</code> printed, within seven days: "
               "<code>{\"token\":\"...\",\"account\":\"alice\",\"password\":\"a sentence of four "
               "words\"}</code>, as application/json.");
}

std::string in_words(Duration length) {
  const auto whole_minutes = length.us / minutes(1).us;
  if (whole_minutes < 1) return "less than a minute";
  if (whole_minutes < 120) return fmt::format("{} minute{}", whole_minutes, whole_minutes == 1 ? "" : "s");
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
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\"><title>{0} - Shieldwall "
      "node</title>\n"
      "<meta name=\"viewport\" "
      "content=\"width=device-width,initial-scale=1\"><style>{1}</style></head>\n<body>\n"
      "<header>{2}<div><h1>{0}</h1><p>A Shieldwall node</p></div></header>\n"
      "<p>Members of an alliance share here what they know of cyber threats. Each runs a node of its own or "
      "is hosted "
      "on one, and nothing leaves a node but what its owner released.</p>\n"
      "<p class=\"card state {3}\"><b>{4}</b><span>{5}</span></p>\n"
      "<h2>How to reach it</h2>\n<dl class=\"card\">\n{6}</dl>\n"
      "<h2>Accounts</h2>\n<dl class=\"card\">\n{7}</dl>\n"
      "<footer>Shieldwall {8}</footer>\n</body></html>\n",
      html_escaped(page.node),
      style,
      emblem,
      page.ready ? "good" : "bad",
      page.ready ? "Ready" : "Not ready",
      page.ready ? fmt::format("Running for {}. {}",
                               in_words(page.up),
                               page.searchable ? "All it holds can be searched."
                                               : "Words in the newest objects are found in a moment.")
                 : "It is stopping, or cannot write to its disk. The node's log says why.",
      doors(),
      accounts(),
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
  out +=
      "# HELP shieldwall_requests_limited_total answered 429: beyond limits.requests_per_...\n# TYPE "
      "shieldwall_requests_limited_total counter\n";
  for (const auto by : {RequestLimits::By::account, RequestLimits::By::address, RequestLimits::By::member})
    out += fmt::format("shieldwall_requests_limited_total{{by=\"{}\"}} {}\n",
                       name_of(by),
                       counted.limited_requests[static_cast<std::size_t>(by)].load());
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
