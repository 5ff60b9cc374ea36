// Looking through one event: which of its texts could be observables, in canonical form, and are they looked
// for?
#include <array>
#include <deque>
#include <set>
#include <tuple>

#include "base/text.h"
#include "detect/field_kind.h"
#include "detect/prose.h"
#include "detect/readers/field_map.h"
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
  State(const Matcher& m, FreeText text) : matcher(m), free_text(text) { use(m); }

  Matcher matcher;
  const MatcherTables* tables = nullptr;  // its tables
  FreeText free_text;
  const Record* record = nullptr;
  std::optional<Timestamp> time;  // of the record, once it was asked for
  std::string_view field;         // the one being looked at
  std::vector<Match> matches;
  std::set<std::tuple<std::string_view, std::string_view, std::size_t>> seen;
  std::deque<std::string> kept;  // what matches look into
  bool looks_by_name = false;

  void use(Matcher next) {
    matches.clear();
    seen.clear();
    kept.clear();
    matcher = std::move(next);
    tables = &MatcherAccess::tables(matcher);
    looks_by_name = false;
    for (const auto kind : {LiteralKind::user_agent,
                            LiteralKind::mutex,
                            LiteralKind::registry_key,
                            LiteralKind::asn,
                            LiteralKind::cert_serial})
      looks_by_name = looks_by_name || looks_for(kind);
  }

  bool looks_for(LiteralKind kind) const { return tables->kinds.test(static_cast<std::size_t>(kind)); }

  void begin(const Record& next) {
    record = &next;
    time.reset();
    if (matches.empty() && kept.empty()) return;
    matches.clear();
    seen.clear();
    kept.clear();
  }

  /// The layers' postings for a key, most often none.
  struct Found {
    struct One {
      const LayerUse* use;
      Postings indicators;
    };
    std::array<One, layers_max> all;
    std::size_t count = 0;
    bool empty() const { return count == 0; }
  };

  Found find(LiteralKind kind, std::string_view key) const {
    Found found;
    const auto hash = literal_hash(tables->key, kind, key);
    for (const auto& use : tables->layers)
      if (const auto indicators = use.layer->literals.find(hash, kind, key); !indicators.empty())
        found.all[found.count++] = {&use, indicators};
    return found;
  }

  /// Nearly all indicators are in force and never expire, so that an event's time is worked out for few.
  bool in_force(const LayerUse& use, std::uint32_t number) {
    if (number >= use.layer->size()) return false;  // a damaged file
    const auto& layer = *use.layer;
    const bool decoded = !layer.indicators.empty();
    const auto indicator = decoded ? Indicator{} : layer.rows.at(number);
    const auto& known = decoded ? layer.indicators[number] : indicator;
    if (use.withdrawn && use.withdrawn->contains(known.id)) return false;
    if (known.valid_until == Timestamp::never()) return true;
    if (!time) time = event_time(*record).value_or(tables->now);
    return *time < known.valid_until;
  }

  void report(std::string_view value, const Found& found) {
    const std::string_view stored = kept.emplace_back(value);
    for (std::size_t i = 0; i < found.count; ++i) {
      const auto& [use, indicators] = found.all[i];
      for (std::size_t j = 0; j < indicators.size(); ++j) {
        const std::size_t number = use->first + indicators[j];
        if (in_force(*use, indicators[j]) && seen.emplace(field, stored, number).second)
          matches.push_back({field, stored, number});
      }
    }
  }

  bool look_up(LiteralKind kind, std::string_view key) {
    const auto found = find(kind, key);
    if (!found.empty()) report(key, found);
    return !found.empty();
  }

  void address(const Address& seen_address) {
    const bool v4 = seen_address.is_v4();
    if (v4 ? !may_hold_v4(*tables, seen_address.v4()) : !may_hold_v6(*tables, seen_address)) return;
    for (const int bits : v4 ? tables->v4_bits : tables->v6_bits) {
      const auto key = network_key(model::masked(seen_address, bits), bits);
      const auto indicators = find(LiteralKind::network, key.view());
      if (!indicators.empty()) report(to_text(seen_address), indicators);
    }
  }

  /// A name, then each name above it but the top-level domain.
  void domain(std::string_view text) {
    if (!looks_for(LiteralKind::domain)) return;
    const LowerName name(text);
    if (!may_hold_hash(*tables, tail_hash(*tables, name.view()))) return;
    for (auto rest = name.view();;) {
      const auto dot = rest.find('.');
      if (dot == rest.npos) return;
      const auto indicators = find(LiteralKind::domain, rest);
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
    return !find(LiteralKind::url_host, LowerName(url_host_text).view()).empty();
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

  void hash(std::string_view text) {
    const auto lower = to_lower_ascii(text);
    look_up(LiteralKind::hash, lower);
    if (looks_for(LiteralKind::ja3)) look_up(LiteralKind::ja3, lower);
  }

  /// A path as a whole, and the folder that it lies in.
  void file_path(std::string_view text) {
    if (!looks_for(LiteralKind::file_path) || text.find_first_of("/\\") == text.npos) return;
    look_up_with_parent(model::ValueKind::file_path, LiteralKind::file_path, text, '/');
  }

  void look_up_with_parent(model::ValueKind kind,
                           LiteralKind literal,
                           std::string_view text,
                           char separator) {
    const auto value = model::canonical(kind, text);
    if (!value || look_up(literal, value->text)) return;
    const auto last = value->text.rfind(separator);
    if (last == 0 || last == std::string::npos) return;
    if (const auto found = find(literal, std::string_view(value->text).substr(0, last)); !found.empty())
      report(value->text, found);
  }

  void look_up_as(model::ValueKind kind, LiteralKind literal, std::string_view text) {
    if (!looks_for(literal)) return;
    if (const auto value = model::canonical(kind, text)) look_up(literal, value->text);
  }

  void by_name(const Field& of);

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
  file_path(text);
  if (shape.only(hex | Shape::colon | Shape::dash | Shape::dot) && text.size() >= 12 && text.size() <= 17)
    look_up_as(model::ValueKind::mac, LiteralKind::mac, text);
  static constexpr std::size_t ja4_size = 36;
  if (text.size() == ja4_size && text[10] == '_') look_up_as(model::ValueKind::ja4, LiteralKind::ja4, text);
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

/// Values that only their field tells apart from any other text or number.
void Scanner::State::by_name(const Field& of) {
  switch (record->map != nullptr ? kind_of(*record->map, of.name) : kind_by_field(of.name)) {
    case NamedKind::none:
      return;
    case NamedKind::user_agent:
      return look_up_as(model::ValueKind::user_agent, LiteralKind::user_agent, of.value);
    case NamedKind::mutex:
      return look_up_as(model::ValueKind::mutex, LiteralKind::mutex, of.value);
    case NamedKind::asn:
      return look_up_as(model::ValueKind::asn, LiteralKind::asn, of.value);
    case NamedKind::cert_serial:
      return look_up_as(model::ValueKind::cert_serial, LiteralKind::cert_serial, of.value);
    case NamedKind::registry_key:
      if (looks_for(LiteralKind::registry_key))
        look_up_with_parent(model::ValueKind::registry_key, LiteralKind::registry_key, of.value, '\\');
      return;
  }
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
    if (shape.has(Shape::backslash) || next.find('%') != next.npos) {
      const auto plain = unescaped(next);
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

Scanner::Scanner(Matcher matcher, FreeText free_text) : state_(std::make_unique<State>(matcher, free_text)) {}
Scanner::~Scanner() = default;
Scanner::Scanner(Scanner&&) noexcept = default;

void Scanner::use(Matcher matcher) {
  state_->use(std::move(matcher));
}

const std::vector<Match>& Scanner::scan(const Record& record) {
  auto& state = *state_;
  state.begin(record);
  for (const auto& field : record.fields) {
    state.field = field.name;
    if (!record.is_prose && state.looks_by_name) state.by_name(field);
    if (!field.is_text) continue;
    if (!record.is_prose) state.value(field.value);
    if (record.is_prose || field.is_prose || state.free_text == FreeText::inside) state.prose(field.value);
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
