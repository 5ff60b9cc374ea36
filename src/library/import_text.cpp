#include "library/import_text.h"

#include <algorithm>

#include "base/text.h"
#include "model/json_writer.h"

namespace shieldwall::library {

namespace {

constexpr std::size_t look_bytes_max = 1u << 20;  // a first line longer than this is a bundle on one line
constexpr std::size_t blank_bytes_max = 4096;     // kept of white space in front of everything

/// The property that a comparison names, STIX 2.1 section 9.
std::string_view path_of(model::ValueKind kind) {
  using enum model::ValueKind;
  switch (kind) {
    case ipv4:
    case ipv4_cidr:
      return "ipv4-addr:value";
    case ipv6:
    case ipv6_cidr:
      return "ipv6-addr:value";
    case domain:
      return "domain-name:value";
    case url:
      return "url:value";
    case md5:
      return "file:hashes.MD5";
    case sha1:
      return "file:hashes.'SHA-1'";
    case sha256:
      return "file:hashes.'SHA-256'";
    case sha512:
      return "file:hashes.'SHA-512'";
    case email:
      return "email-addr:value";
    case file_name:
      return "file:name";
    default:
      return {};
  }
}

std::string quoted(std::string_view text) {
  std::string out = "'";
  for (const char c : text) {
    if (c == '\'' || c == '\\') out += '\\';
    out += c;
  }
  return out + "'";
}

/// True when the first line is a whole JSON object of its own and no bundle.
bool is_one_object(std::string_view line) {
  const auto document = model::JsonDocument::parse(std::string(line));
  if (!document || !document->root().is(model::JsonKind::object)) return false;
  return !document->root().find("objects");
}

/// The first column, without quotes.
std::string_view first_field(std::string_view line) {
  auto field = trimmed(line.substr(0, line.find_first_of(",;\t")));
  if (field.size() >= 2 && field.front() == '"' && field.back() == '"')
    field = field.substr(1, field.size() - 2);
  return field;
}

/// Is the first line of a list a table's head? One with a value in it is not.
bool is_head(std::string_view line) {
  while (!line.empty()) {
    if (model::canonical_guess(first_field(line))) return false;
    line.remove_prefix(std::min(line.size(), std::min(line.find_first_of(",;\t"), line.size() - 1) + 1));
  }
  return true;
}

}  // namespace

std::string_view name_of(TextFormat format) {
  switch (format) {
    case TextFormat::undecided:
      return "nothing";
    case TextFormat::stix:
      return "stix";
    case TextFormat::ndjson:
      return "ndjson";
    case TextFormat::list:
      return "list";
  }
  return "nothing";
}

Result<std::string> indicator_for(const model::CanonicalValue& value, const ListAuthor& author) {
  const auto path = path_of(value.kind);
  if (path.empty())
    return fail(
        ErrorCode::invalid, "no indicator is made from a value of kind {}", model::name_of(value.kind));
  const auto kind = model::name_of(value.kind);
  const auto uuid = Uuid::named(author.organisation.uuid, fmt::format("indicator/{}/{}", kind, value.text));
  const auto at = to_text_ms(author.at);
  model::JsonWriter out;
  out.begin_object();
  out.member("type", "indicator");
  out.member("spec_version", "2.1");
  out.member("id", model::ObjectId{"indicator", uuid}.text());
  out.member("created_by_ref", author.identity.text());
  out.member("created", at);
  out.member("modified", at);
  out.member("name", value.text);
  out.key("indicator_types");
  out.begin_array();
  out.value("unknown");
  out.end_array();
  out.member("pattern", fmt::format("[{} = {}]", path, quoted(value.text)));
  out.member("pattern_type", "stix");
  out.member("valid_from", at);
  out.end_object();
  return std::move(out).text();
}

ImportText::ImportText(ListAuthor author) : author_(std::move(author)) {}

bool ImportText::decide(bool ended) {
  if (!has_begun_) {
    if (!ended && held_.size() < utf8_mark.size()) return false;  // a mark may come in pieces
    has_begun_ = true;
    if (held_.starts_with(utf8_mark)) held_.erase(0, utf8_mark.size());
  }
  const auto start = held_.find_first_not_of(" \t\r\n");
  if (start == held_.npos) {
    if (held_.size() > blank_bytes_max) held_.resize(blank_bytes_max);
    return ended;
  }
  if (held_[start] == '[') {
    format_ = TextFormat::stix;
    return true;
  }
  if (held_[start] != '{') {
    format_ = TextFormat::list;
    return true;
  }
  const auto end = held_.find('\n', start);
  if (end == held_.npos && !ended && held_.size() < look_bytes_max) return false;
  const auto line = std::string_view(held_).substr(start, end == held_.npos ? held_.npos : end - start);
  const bool by_line = end != held_.npos && line.size() <= look_bytes_max && is_one_object(line);
  format_ = by_line ? TextFormat::ndjson : TextFormat::stix;
  return true;
}

Done ImportText::push(std::string_view text, std::vector<std::string>& objects) {
  auto pushed = take(text, objects);
  // Too large is too large the next time as well: the text is off, nothing of ours ran out.
  if (!pushed && pushed.error().code == ErrorCode::exhausted)
    return fail(ErrorCode::invalid, "{}", pushed.error().message);
  return pushed;
}

Done ImportText::take(std::string_view text, std::vector<std::string>& objects) {
  if (format_ != TextFormat::undecided) return feed(text, objects);
  held_ += text;
  if (!has_begun_ && (held_.starts_with("\xFF\xFE") || held_.starts_with("\xFE\xFF")))
    return fail(ErrorCode::invalid, "the text is UTF-16; STIX is UTF-8: convert it first");
  if (!decide(false)) return {};
  const auto beginning = std::exchange(held_, {});
  return feed(beginning, objects);
}

Done ImportText::finish(std::vector<std::string>& objects) {
  if (format_ == TextFormat::undecided) {
    if (decide(true) && format_ == TextFormat::undecided)
      return fail(ErrorCode::invalid, "there is nothing in it: no object and no value");
    const auto beginning = std::exchange(held_, {});
    TRY(feed(beginning, objects));
  }
  if (format_ == TextFormat::stix) return splitter_.finish();
  const auto last = std::exchange(held_, {});
  return last.empty() ? Done{} : take_line(last, objects);
}

Done ImportText::feed(std::string_view text, std::vector<std::string>& objects) {
  if (format_ == TextFormat::stix) return splitter_.push(text, objects);
  for (auto end = text.find('\n'); end != text.npos; end = text.find('\n')) {
    if (held_.empty()) {
      TRY(take_line(text.substr(0, end), objects));
    } else {
      held_ += text.substr(0, end);
      TRY(take_line(held_, objects));
      held_.clear();
    }
    text.remove_prefix(end + 1);
  }
  held_ += text;
  if (held_.size() > line_bytes_max)
    return fail(ErrorCode::exhausted, "line {} is longer than {} bytes", line_ + 1, line_bytes_max);
  return {};
}

Done ImportText::take_line(std::string_view line, std::vector<std::string>& objects) {
  ++line_;
  if (line.find('\0') != line.npos)
    return fail(ErrorCode::invalid, "line {} holds a zero byte: neither STIX nor a list", line_);
  const auto text = trimmed(line);
  if (text.empty()) return {};
  if (format_ == TextFormat::ndjson)
    objects.emplace_back(text);
  else
    take_value(text, objects);
  return {};
}

void ImportText::take_value(std::string_view line, std::vector<std::string>& objects) {
  if (line.starts_with('#') || line.starts_with(';')) return;
  const auto field = first_field(line);
  auto value = model::canonical_guess(field);
  if (!value && line_ == 1 && is_head(line)) return;
  auto indicator = value ? indicator_for(*value, author_) : Result<std::string>(fail(value.error()));
  if (indicator)
    objects.push_back(std::move(*indicator));
  else
    bad_lines_.push_back({line_, excerpt(field), indicator.error().message});
}

}  // namespace shieldwall::library
