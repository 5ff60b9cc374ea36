// Looking through one event: which of its texts could be observables, in canonical form, and are they looked
// for?
#include <deque>
#include <set>
#include <tuple>

#include "base/text.h"
#include "detect/prose.h"
#include "detect/shape.h"
#include "detect/tables.h"
#include "detect/url_parts.h"
#include "model/canonical_parts.h"

namespace shieldwall::detect {

namespace {

using model::Address;

constexpr std::size_t domain_bytes_max = 254;  // with its trailing dot

/// The lower-case form of a name of letters, digits, hyphens, underscores and dots; empty when it is too
/// long.
class LowerName {
 public:
  explicit LowerName(std::string_view name) {
    if (name.ends_with('.')) name.remove_suffix(1);
    if (name.size() > domain_bytes_max) return;
    for (const char c : name) bytes_[size_++] = c >= 'A' && c <= 'Z' ? static_cast<char>(c | 0x20) : c;
  }
  std::string_view view() const { return {bytes_, size_}; }

 private:
  char bytes_[domain_bytes_max];
  std::size_t size_ = 0;
};

bool is_hash_size(std::size_t size) {
  return size == 32 || size == 40 || size == 64 || size == 128;
}

}  // namespace

struct Scanner::State {
  State(Matcher m, FreeText text) : matcher(std::move(m)), tables(*matcher.tables_), free_text(text) {}

  Matcher matcher;
  const MatcherTables& tables;
  FreeText free_text;
  const Record* record = nullptr;
  std::optional<Timestamp> time;  // of the record, once it was asked for
  std::string_view field;         // the one being looked at
  std::vector<Match> matches;
  std::set<std::tuple<std::string_view, std::string_view, std::size_t>> seen;
  std::deque<std::string> kept;  // what matches look into

  bool looks_for(LiteralKind kind) const { return tables.literals.has(kind); }

  void begin(const Record& next) {
    record = &next;
    time.reset();
    if (matches.empty() && kept.empty()) return;
    matches.clear();
    seen.clear();
    kept.clear();
  }

  /// Most indicators never expire, so that an event's time is worked out for few.
  bool was_valid(std::uint32_t indicator) {
    const auto until = tables.indicators[indicator].valid_until;
    if (until == Timestamp::never()) return true;
    if (!time) time = event_time(*record).value_or(tables.now);
    return *time < until;
  }

  void report(std::string_view value, std::span<const std::uint32_t> indicators) {
    const std::string_view stored = kept.emplace_back(value);
    for (const auto indicator : indicators)
      if (was_valid(indicator) && seen.emplace(field, stored, indicator).second)
        matches.push_back({field, stored, indicator});
  }

  void look_up(LiteralKind kind, std::string_view key) {
    if (const auto indicators = tables.literals.find(kind, key); !indicators.empty()) report(key, indicators);
  }

  void address(const Address& seen_address) {
    const bool v4 = seen_address.is_v4();
    for (const int bits : v4 ? tables.v4_bits : tables.v6_bits) {
      const auto key = network_key(model::masked(seen_address, bits), bits);
      const auto indicators = tables.literals.find(LiteralKind::network, key.view());
      if (!indicators.empty()) report(to_text(seen_address), indicators);
    }
  }

  /// A name, then each name above it but the top-level domain.
  void domain(std::string_view text) {
    if (!looks_for(LiteralKind::domain)) return;
    const LowerName name(text);
    for (auto rest = name.view();;) {
      const auto dot = rest.find('.');
      if (dot == rest.npos) return;
      const auto indicators = tables.literals.find(LiteralKind::domain, rest);
      // Only now is it worth asking whether the whole is a domain name at all.
      if (!indicators.empty() && model::canonical_domain(name.view())) report(name.view(), indicators);
      rest.remove_prefix(dot + 1);
    }
  }

  void idn(std::string_view text) {
    if (!looks_for(LiteralKind::domain)) return;
    if (const auto name = model::canonical_domain(text)) domain(*name);
  }

  void host(std::string_view text) {
    if (text.empty()) return;
    if (const auto v4 = model::parse_ipv4(text)) return address(Address::of_v4(*v4));
    if (const auto v6 = model::parse_ipv6(text)) return address(*v6);
    const auto shape = shape_of(text);
    if (shape.only(Shape::digit | Shape::hex_letter | Shape::letter | Shape::dash | Shape::dot))
      return domain(text);
    if (shape.has(Shape::high)) idn(text);
  }

  /// Might some URL looked for have this host? Plain names and IPv4 are asked of the table, the rest is let
  /// through.
  bool worth_canonical(std::string_view url_host_text) const {
    if (!looks_for(LiteralKind::url) || url_host_text.empty()) return false;
    const auto shape = shape_of(url_host_text);
    if (!shape.only(Shape::digit | Shape::hex_letter | Shape::letter | Shape::dash | Shape::dot)) return true;
    return !tables.literals.find(LiteralKind::url_host, LowerName(url_host_text).view()).empty();
  }

  void url(std::string_view text) {
    const auto host_text = url_host(text);
    host(host_text);
    if (!worth_canonical(host_text)) return;
    if (const auto canonical = model::canonical_url(text)) look_up(LiteralKind::url, *canonical);
  }

  /// A URL whose scheme the event does not tell.
  void url_without_scheme(std::string_view host_and_port, std::string_view rest) {
    if (!worth_canonical(without_port(host_and_port))) return;
    for (const std::string_view scheme : {"http://", "https://"}) {
      std::string text(scheme);
      text += host_and_port;
      text += rest;
      if (const auto canonical = model::canonical_url(text)) look_up(LiteralKind::url, *canonical);
    }
  }

  void email(std::string_view text) {
    if (!looks_for(LiteralKind::email)) return;
    if (const auto value = model::canonical(model::ValueKind::email, text))
      look_up(LiteralKind::email, value->text);
  }

  void file_name(std::string_view text) {
    if (!looks_for(LiteralKind::file_name)) return;
    const auto name = trimmed(text.substr(text.find_last_of("/\\") + 1));
    static constexpr std::size_t name_bytes_max = 1024;
    if (name.empty() || name.size() > name_bytes_max) return;
    if (const auto folded = model::folded(name)) look_up(LiteralKind::file_name, *folded);
  }

  void hash(std::string_view text) { look_up(LiteralKind::hash, to_lower_ascii(text)); }

  void value(std::string_view text);
  void defanged(std::string_view text);
  void prose(std::string_view text);
  void piece(std::string_view text);
};

/// A text that is an observable as a whole, or is none.
void Scanner::State::value(std::string_view text) {
  static constexpr std::size_t shortest = 2;  // "::"
  if (text.size() < shortest || text.size() > model::value_bytes_max) return;
  const auto shape = shape_of(text);
  static constexpr unsigned hex = Shape::digit | Shape::hex_letter;
  static constexpr unsigned name = hex | Shape::letter | Shape::dash | Shape::dot;
  file_name(text);
  if (shape.only(Shape::digit | Shape::dot)) {
    if (const auto v4 = model::parse_ipv4(text)) return address(Address::of_v4(*v4));
  }
  if (shape.only(hex) && is_hash_size(text.size())) return hash(text);
  if (shape.only(name)) {
    if (shape.has(Shape::dot)) domain(text);
    return;
  }
  if (shape.only(hex | Shape::dot | Shape::colon))
    if (const auto v6 = model::parse_ipv6(text)) return address(*v6);
  if (shape.only(name | Shape::colon)) return host(without_port(text));
  if (shape.has(Shape::bracket)) defanged(text);
  if (shape.has(Shape::colon) && shape.has(Shape::slash) && text.find("://") != text.npos) return url(text);
  if (shape.has(Shape::space | Shape::backslash)) {
    if (text.ends_with('>') && shape.has(Shape::at))
      email(text.substr(text.rfind('<') + 1, text.size() - text.rfind('<') - 2));
    return;
  }
  if (text.starts_with('[') && shape.only(hex | Shape::dot | Shape::colon | Shape::bracket))
    return host(without_port(text));
  if (shape.has(Shape::at)) return email(text);
  if (text.starts_with("*.")) return host(text.substr(2));  // a certificate's name for all below
  if (shape.has(Shape::slash)) {
    const auto slash = text.find('/');
    if (slash > 0) url_without_scheme(text.substr(0, slash), text.substr(slash));
    return;
  }
  if (shape.has(Shape::high)) idn(text);
}

void Scanner::State::defanged(std::string_view text) {
  const auto plain = model::refanged(text);
  if (plain != text) value(plain);
}

void Scanner::State::prose(std::string_view text) {
  std::string_view next;
  for (Pieces pieces(text); pieces.next(next);) {
    const auto shape = shape_of(next);
    if (shape.has(Shape::bracket)) {
      const auto plain = model::refanged(next);
      if (plain != next) piece(plain);
    }
    piece(next);
  }
}

void Scanner::State::piece(std::string_view text) {
  std::string_view url_text;
  for (auto rest = text; next_url(rest, url_text);) url(url_text);
  std::string_view word;
  for (Words words(text); words.next(word);) {
    value(word);
    const auto behind = static_cast<std::size_t>(word.data() + word.size() - text.data());
    if (behind < text.size() && text[behind] == '/' && text.substr(behind, 2) != "//")
      url_without_scheme(word, text.substr(behind));
  }
}

Scanner::Scanner(Matcher matcher, FreeText free_text)
    : state_(std::make_unique<State>(std::move(matcher), free_text)) {}
Scanner::~Scanner() = default;
Scanner::Scanner(Scanner&&) noexcept = default;

const std::vector<Match>& Scanner::scan(const Record& record) {
  auto& state = *state_;
  state.begin(record);
  for (const auto& field : record.fields) {
    if (!field.is_text) continue;
    state.field = field.name;
    if (!record.is_prose) state.value(field.value);
    if (record.is_prose || state.free_text == FreeText::inside) state.prose(field.value);
  }
  if (state.looks_for(LiteralKind::url) && !record.is_prose) {
    const auto pieces = pieces_of_url(record);
    if (!pieces.host.empty()) {
      state.field = pieces.field;
      std::string rest(pieces.path);
      if (!pieces.query.empty()) rest.append("?").append(pieces.query);
      state.url_without_scheme(pieces.host, rest);
    }
  }
  return state.matches;
}

}  // namespace shieldwall::detect
