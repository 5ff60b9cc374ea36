#include "detect/pattern/event_observation.h"

#include <algorithm>
#include <array>

#include "base/text.h"
#include "model/address.h"

namespace shieldwall::detect {

namespace {

/// What a field says of the event.
enum class Part : std::uint8_t {
  source,
  destination,
  source_port,
  destination_port,
  protocol,
  domain,
  full_url,
  host,
  path,
  method,
  agent,
  file_name,
  md5,
  sha1,
  sha256,
  sender,
  recipient,
  command,
  pid,
  user,
};
constexpr std::size_t parts = 20;

struct Row {
  std::string_view field;
  Part part;
};

constexpr Row rows[] = {
    // sorted by name
    {"CommandLine", Part::command},
    {"DestinationIp", Part::destination},
    {"DestinationPort", Part::destination_port},
    {"ProcessId", Part::pid},
    {"QueryName", Part::domain},
    {"SourceIp", Part::source},
    {"SourcePort", Part::source_port},
    {"TargetFilename", Part::file_name},
    {"User", Part::user},
    {"app_proto", Part::protocol},
    {"dest_ip", Part::destination},
    {"dest_port", Part::destination_port},
    {"destination.ip", Part::destination},
    {"destination.port", Part::destination_port},
    {"dns.question.name", Part::domain},
    {"dns.rrname", Part::domain},
    {"email.from.address", Part::sender},
    {"email.to.address", Part::recipient},
    {"file.hash.md5", Part::md5},
    {"file.hash.sha1", Part::sha1},
    {"file.hash.sha256", Part::sha256},
    {"file.name", Part::file_name},
    {"fileinfo.filename", Part::file_name},
    {"fileinfo.md5", Part::md5},
    {"fileinfo.sha1", Part::sha1},
    {"fileinfo.sha256", Part::sha256},
    {"filename", Part::file_name},
    {"host", Part::host},
    {"http.hostname", Part::host},
    {"http.http_method", Part::method},
    {"http.http_user_agent", Part::agent},
    {"http.request.method", Part::method},
    {"http.url", Part::path},
    {"id.orig_h", Part::source},
    {"id.orig_p", Part::source_port},
    {"id.resp_h", Part::destination},
    {"id.resp_p", Part::destination_port},
    {"mailfrom", Part::sender},
    {"md5", Part::md5},
    {"method", Part::method},
    {"network.protocol", Part::protocol},
    {"network.transport", Part::protocol},
    {"process.command_line", Part::command},
    {"process.pid", Part::pid},
    {"proto", Part::protocol},
    {"query", Part::domain},
    {"rcptto", Part::recipient},
    {"server_name", Part::domain},
    {"service", Part::protocol},
    {"sha1", Part::sha1},
    {"sha256", Part::sha256},
    {"smtp.mail_from", Part::sender},
    {"smtp.rcpt_to", Part::recipient},
    {"source.ip", Part::source},
    {"source.port", Part::source_port},
    {"src_ip", Part::source},
    {"src_port", Part::source_port},
    {"tls.sni", Part::domain},
    {"uri", Part::path},
    {"url.domain", Part::host},
    {"url.full", Part::full_url},
    {"url.path", Part::path},
    {"user.name", Part::user},
    {"user_agent", Part::agent},
    {"user_agent.original", Part::agent},
};
static_assert(std::ranges::is_sorted(rows, {}, &Row::field));

bool is_said(std::string_view value) {
  return !value.empty() && value != "-" && value != "(empty)";  // Zeek writes these for nothing
}

bool is_whole_number(std::string_view text) {
  return text.size() < 19 && std::ranges::all_of(text, [](char c) { return c >= '0' && c <= '9'; });
}

/// E-mail addresses often come in angle brackets, a name before them.
std::string_view bare_address(std::string_view text) {
  const auto open = text.rfind('<');
  const auto close = text.rfind('>');
  return open != text.npos && close != text.npos && close > open ? text.substr(open + 1, close - open - 1)
                                                                 : text;
}

class Event {
 public:
  Event(const Record& record, Observation& into) : into_(into) {
    for (const auto& field : record.fields) {
      if (!is_said(field.value)) continue;
      const auto* const row = std::ranges::lower_bound(rows, field.name, {}, &Row::field);
      if (row != std::end(rows) && row->field == field.name) take(row->part, field.value);
    }
  }

  void build() {
    traffic();
    text_object("domain-name", Part::domain);
    if (has(Part::host) && !is_address(one(Part::host))) add_value("domain-name", one(Part::host));
    url();
    file();
    for (const auto part : {Part::sender, Part::recipient})
      if (has(part)) add_value("email-addr", bare_address(one(part)));
    process();
    if (has(Part::user)) {
      const auto user = into_.add_object("user-account", "user");
      into_.set_text(user, "account_login", one(Part::user));
      into_.set_text(user, "user_id", one(Part::user));
    }
  }

 private:
  void take(Part part, std::string_view value) {
    if (part == Part::protocol) protocols_.push_back(value);
    auto& known = values_[static_cast<std::size_t>(part)];
    if (known.empty()) known = value;
    // Lists (names of one certificate, recipients) repeat their field: each is an object of its own.
    else if (part == Part::domain)
      add_value("domain-name", value);
    else if (part == Part::recipient)
      add_value("email-addr", bare_address(value));
  }

  bool has(Part part) const { return !one(part).empty(); }
  std::string_view one(Part part) const { return values_[static_cast<std::size_t>(part)]; }

  static bool is_address(std::string_view text) {
    return model::parse_ipv4(text).has_value() || model::parse_ipv6(text).has_value();
  }

  void add_value(std::string_view type, std::string_view value) {
    into_.set_text(into_.add_object(type, {}), "value", value);
  }

  void text_object(std::string_view type, Part part) {
    if (has(part)) add_value(type, one(part));
  }

  bool add_address(Part part, std::string_view id) {
    if (!has(part)) return false;
    const bool v4 = model::parse_ipv4(one(part)).has_value();
    if (!v4 && !model::parse_ipv6(one(part))) return false;
    into_.set_text(into_.add_object(v4 ? "ipv4-addr" : "ipv6-addr", id), "value", one(part));
    return true;
  }

  void add_number(ValueId object, std::string_view key, Part part) {
    if (has(part) && is_whole_number(one(part))) into_.set_number(object, key, one(part));
  }

  void traffic() {
    const bool source = add_address(Part::source, "src");
    const bool destination = add_address(Part::destination, "dst");
    if (!source && !destination) return;
    const auto object = into_.add_object("network-traffic", "traffic");
    if (source) into_.set_text(object, "src_ref", "src");
    if (destination) into_.set_text(object, "dst_ref", "dst");
    add_number(object, "src_port", Part::source_port);
    add_number(object, "dst_port", Part::destination_port);
    if (!protocols_.empty()) {
      const auto list = into_.add(object, "protocols", ObservedType::list);
      for (const auto protocol : protocols_) into_.set_text(list, {}, to_lower_ascii(protocol));
    }
    if (!has(Part::method) && !has(Part::agent)) return;
    const auto extensions = into_.add(object, "extensions", ObservedType::dictionary);
    const auto request = into_.add(extensions, "http-request-ext", ObservedType::dictionary);
    if (has(Part::method)) into_.set_text(request, "request_method", one(Part::method));
    if (has(Part::path)) into_.set_text(request, "request_value", one(Part::path));
    if (!has(Part::agent)) return;
    const auto header = into_.add(request, "request_header", ObservedType::dictionary);
    const auto list = into_.add(header, "User-Agent", ObservedType::list);
    into_.set_text(list, {}, one(Part::agent));
  }

  void url() {
    if (has(Part::full_url)) return add_value("url", one(Part::full_url));
    if (!has(Part::path)) return;
    if (one(Part::path).find("://") != std::string_view::npos) return add_value("url", one(Part::path));
    if (has(Part::host) && one(Part::path).starts_with('/'))
      add_value("url", "http://" + std::string(one(Part::host)) + std::string(one(Part::path)));
  }

  void file() {
    if (!has(Part::file_name) && !has(Part::md5) && !has(Part::sha1) && !has(Part::sha256)) return;
    const auto object = into_.add_object("file", "file");
    if (has(Part::file_name)) {
      const auto path = one(Part::file_name);
      const auto slash = path.find_last_of("/\\");  // STIX: the name without its folders
      into_.set_text(object, "name", slash == path.npos ? path : path.substr(slash + 1));
    }
    const auto hashes = into_.add(object, "hashes", ObservedType::dictionary);
    if (has(Part::md5)) into_.set_text(hashes, "MD5", to_lower_ascii(one(Part::md5)));
    if (has(Part::sha1)) into_.set_text(hashes, "SHA-1", to_lower_ascii(one(Part::sha1)));
    if (has(Part::sha256)) into_.set_text(hashes, "SHA-256", to_lower_ascii(one(Part::sha256)));
  }

  void process() {
    if (!has(Part::command) && !has(Part::pid)) return;
    const auto object = into_.add_object("process", "process");
    if (has(Part::command)) into_.set_text(object, "command_line", one(Part::command));
    add_number(object, "pid", Part::pid);
  }

  Observation& into_;
  std::array<std::string_view, parts> values_;
  std::vector<std::string_view> protocols_;
};

}  // namespace

bool observe(const Record& record, Timestamp at, Observation& into) {
  into.clear(at, at);
  Event(record, into).build();
  return !into.objects().empty();
}

}  // namespace shieldwall::detect
