#include "detect/sieve.h"

#include <algorithm>

#include "base/text.h"
#include "detect/field_kind.h"
#include "detect/readers/arena.h"
#include "detect/readers/field_map.h"
#include "detect/readers/line_walk.h"
#include "detect/readers/utf8.h"
#include "detect/shape.h"
#include "detect/tables.h"
#include "detect/url_parts.h"
#include "model/canonical_parts.h"

namespace shieldwall::detect {

namespace {

using model::Address;

constexpr unsigned hex_shape = Shape::digit | Shape::hex_letter;
constexpr unsigned name_shape = hex_shape | Shape::letter | Shape::dash | Shape::dot;
constexpr std::size_t domain_bytes_max = 254;  // with its trailing dot, as the scanner takes them

/// What the name of a field says, in bits.
enum : std::uint32_t {
  is_rewritten = 1,  // the map takes its value apart, or marks it as running text
  is_host = 2,       // may be the host of a URL in pieces
  first_named = 4,   // and its shifts: one for each NamedKind
};

/// A key that must be asked of the filters.
struct Candidate {
  std::uint64_t hash;
  const char* at;
  std::uint32_t size;
  std::uint32_t line;
  LiteralKind kind;
};
struct Candidate4 {
  std::uint32_t address, line;
};
struct Candidate6 {
  Address address;
  std::uint32_t line;
};

/// Does it hold something that refanged() would take for a defanged mark: a pair of brackets around one, two
/// or three characters?
bool is_defanged(std::string_view text) {
  std::size_t opened = text.size();
  for (std::size_t at = 0; at < text.size(); ++at) {
    const char c = text[at];
    if (c == '[' || c == '(' || c == '{') opened = at;
    if ((c == ']' || c == ')' || c == '}') && opened < at && at - opened >= 2 && at - opened <= 4)
      return true;
  }
  return false;
}

}  // namespace

struct LineSieve::State {
  explicit State(const Matcher& m) : matcher(m), tables(MatcherAccess::tables(matcher)) {
    const auto looks_for = [&](LiteralKind kind) {
      return tables.kinds.test(static_cast<std::size_t>(kind));
    };
    v4 = !tables.v4_bits.empty();
    v6 = !tables.v6_bits.empty();
    domains = looks_for(LiteralKind::domain);
    urls = looks_for(LiteralKind::url);
    hashes = looks_for(LiteralKind::hash);
    ja3 = looks_for(LiteralKind::ja3);
    ja4 = looks_for(LiteralKind::ja4);
    mac = looks_for(LiteralKind::mac);
    emails = looks_for(LiteralKind::email);
    file_names = looks_for(LiteralKind::file_name);
    file_paths = looks_for(LiteralKind::file_path);
    const std::pair<NamedKind, LiteralKind> named[] = {{NamedKind::user_agent, LiteralKind::user_agent},
                                                       {NamedKind::mutex, LiteralKind::mutex},
                                                       {NamedKind::registry_key, LiteralKind::registry_key},
                                                       {NamedKind::asn, LiteralKind::asn},
                                                       {NamedKind::cert_serial, LiteralKind::cert_serial}};
    for (const auto& [name, kind] : named)
      if (looks_for(kind)) asked_by_name |= first_named << static_cast<unsigned>(name);
    if (hashes || ja3) asked_sizes |= 1ull << 32 | 1ull << 40;
    if (ja4) asked_sizes |= 1ull << 36;
    for (unsigned size = 12; mac && size <= 17; ++size) asked_sizes |= 1ull << size;
  }

  const Matcher matcher;
  const MatcherTables& tables;
  bool v4, v6, domains, urls, hashes, ja3, ja4, mac, emails, file_names, file_paths;
  std::uint32_t asked_by_name = is_rewritten;
  std::uint64_t asked_sizes = 0;  // of values without marks: may be hashes, MAC addresses, JA4
  const LiteralImage& base = tables.layers.front().layer->literals;  // where nearly all is

  const FieldMap* map = nullptr;
  std::unique_ptr<KeyTable> keys;
  BlockIndex index;
  std::vector<Candidate> candidates;
  std::vector<Candidate4> candidates4;
  std::vector<Candidate6> candidates6;
  std::vector<Slice> hosts;  // of the line, for URLs that are put together
  Arena arena;               // canonical forms of the block
  const char* block = nullptr;
  std::uint32_t line = 0;
  bool has_path = false;  // some value of the line begins with '/'

  static std::uint32_t meaning_of(const void* context, std::string_view name) {
    const auto* const map = static_cast<const State*>(context)->map;
    std::uint32_t meaning = 0;
    if (name.ends_with("host") || name.ends_with("hostname") || name.ends_with("domain")) meaning |= is_host;
    if (map != nullptr) {
      if (map->rewrites.contains(name)) meaning |= is_rewritten;
      for (const auto& url : map->urls)
        if (url.host == name) meaning |= is_host;
    }
    const auto kind = map != nullptr ? kind_of(*map, name) : kind_by_field(name);
    if (kind != NamedKind::none) meaning |= first_named << static_cast<unsigned>(kind);
    return meaning;
  }

  void begin(std::string_view text, const FieldMap* next_map) {
    if (!keys || map != next_map) {
      map = next_map;
      keys = std::make_unique<KeyTable>(&meaning_of, this);
    }
    block = text.data();
    candidates.clear();
    candidates4.clear();
    candidates6.clear();
    arena.clear();
  }

  // What a line's values are asked for. Each says false when the line must be looked at.

  [[gnu::always_inline]] bool text(const KeyTable::Key& key, Slice span) {
    if ((key.meaning & (asked_by_name | is_host)) != 0 && !named(key.meaning, span)) return false;
    const auto size = span.size();
    if (size < 2) return has_path |= block[span.begin] == '/', true;  // of an empty one that is its quote
    if (file_names && !file_name(view(span))) return false;
    if (size > ByteBits::most) return long_value(span);
    const auto all = ~std::uint64_t{0} >> (64 - size);
    const auto other = ~index.plain.from(span.begin) & all;
    if (other == 0) return (asked_sizes >> size & 1) == 0 || plain_value(span);
    const auto dots = index.dot.from(span.begin) & all;
    if (other != dots) return special(view(span));
    const auto digits = index.digit.from(span.begin) & all;
    if ((digits | dots) == all) return numeric(span, dots);
    if (mac && size >= 12 && size <= 17) return false;
    return name(view(span), (index.upper.from(span.begin) & all) != 0);
  }

  [[gnu::always_inline]] bool scalar(const KeyTable::Key& key, Slice span) {
    return (key.meaning & (asked_by_name | is_host)) == 0 || named(key.meaning, span);
  }

  std::string_view view(Slice span) const { return {block + span.begin, span.size()}; }

  /// Without anything but letters, digits, dashes and underscores, and of an interesting size.
  bool plain_value(Slice span) {
    const auto size = span.size();
    if (size != 32 && size != 40) return false;
    return index.hex.range(span.begin, size) != ~std::uint64_t{0} >> (64 - size) || hash(view(span));
  }

  bool long_value(Slice span) {
    const auto value = view(span);
    const auto shape = shape_of(value);
    if (shape.only(hex_shape) && (value.size() == 64 || value.size() == 128)) return hash(value);
    if (shape.only(name_shape)) return !shape.has(Shape::dot) || name(value, true);
    return special(value, shape);
  }

  /// Of digits and dots: an address, or nearly one.
  bool numeric(Slice span, std::uint64_t dots) {
    if (mac && span.size() - static_cast<unsigned>(std::popcount(dots)) == 12) return false;
    const auto first = static_cast<unsigned>(std::countr_zero(dots));
    const auto two = dots & (dots - 1);
    const auto second = static_cast<unsigned>(std::countr_zero(two));
    const auto three = two & (two - 1);
    const auto third = static_cast<unsigned>(std::countr_zero(three));
    const bool four = three != 0 && (three & (three - 1)) == 0;
    if (!four || span.size() > 15) return name(view(span), false);
    const auto a = part(span.begin, first), b = part(span.begin + first + 1, second - first - 1),
               c = part(span.begin + second + 1, third - second - 1),
               d = part(span.begin + third + 1, span.size() - third - 1);
    if ((a | b | c | d) > 255) return name(view(span), false);
    if (v4) add4(a << 24 | b << 16 | c << 8 | d);
    return true;
  }

  /// The number in one to three digits without a leading zero, or more than 255.
  std::uint32_t part(std::uint32_t at, unsigned size) const {
    if (size - 1 > 2) return 256;
    std::uint32_t word;
    std::memcpy(&word, block + at, 4);
    if (size > 1 && (word & 0xff) == '0') return 256;
    const auto digits = (word & 0x0f0f0f0fu) << (32 - 8 * size) >> 8;  // hundreds lowest
    const auto number = (digits & 0xff) * 100 + (digits >> 8 & 0xff) * 10 + (digits >> 16);
    return number > 255 ? 256 : number;
  }

  void add4(std::uint32_t address) {
    base.addresses.prefetch(address);
    candidates4.push_back({address, line});
  }

  void add(const Address& address) {
    if (address.is_v4()) {
      if (v4) add4(address.v4());
    } else if (v6) {
      base.prefetch(head_hash(tables, address));
      candidates6.push_back({address, line});
    }
  }

  /// `key` stays where it is until the block is done.
  void add(LiteralKind kind, std::uint64_t hash_of_key, std::string_view key) {
    base.prefetch(hash_of_key);
    candidates.push_back({hash_of_key, key.data(), static_cast<std::uint32_t>(key.size()), line, kind});
  }
  void add(LiteralKind kind, std::string_view key) { add(kind, literal_hash(tables.key, kind, key), key); }

  std::string_view lower(std::string_view value) {
    auto* const out = arena.take(value.size());
    for (std::size_t i = 0; i < value.size(); ++i)
      out[i] = value[i] >= 'A' && value[i] <= 'Z' ? static_cast<char>(value[i] | 0x20) : value[i];
    return {out, value.size()};
  }

  bool hash(std::string_view value) {
    if (!hashes && !ja3) return true;
    const bool has_upper = std::ranges::any_of(value, [](char c) { return c >= 'A' && c <= 'F'; });
    const auto key = has_upper ? lower(value) : value;
    if (hashes) add(LiteralKind::hash, key);
    if (ja3 && key.size() == 32) add(LiteralKind::ja3, key);
    return true;
  }

  /// Letters, digits, dashes, underscores and dots.
  bool name(std::string_view value, bool may_have_upper) {
    if (!domains) return true;
    if (value.ends_with('.')) value.remove_suffix(1);
    if (value.size() > domain_bytes_max) return true;
    if (value.find('.') == value.npos) return true;
    const auto key = may_have_upper ? lower(value) : value;
    add(LiteralKind::domain_tail, tail_hash(tables, key), key);
    return true;
  }

  bool host(std::string_view value) {
    if (value.empty()) return true;
    if (const auto address = model::parse_ipv4(value)) return add(Address::of_v4(*address)), true;
    if (const auto address = model::parse_ipv6(value)) return add(*address), true;
    const auto shape = shape_of(value);
    if (shape.only(name_shape)) return name(value, true);
    return !shape.has(Shape::high) || !domains;
  }

  bool url_host_of(std::string_view value) {
    if (!urls || value.empty()) return true;
    if (!shape_of(value).only(name_shape)) return false;
    if (value.ends_with('.')) value.remove_suffix(1);
    if (value.size() <= domain_bytes_max) add(LiteralKind::url_host, lower(value));
    return true;
  }

  bool file_name(std::string_view value) {
    if (value.size() > model::value_bytes_max) return true;
    const auto name_of_file = trimmed(value.substr(value.rfind('/') + 1));  // no backslashes here
    static constexpr std::size_t name_bytes_max = 1024;
    if (name_of_file.empty() || name_of_file.size() > name_bytes_max) return true;
    if (std::ranges::any_of(name_of_file, [](char c) { return (c & 0x80) != 0; })) return false;
    add(LiteralKind::file_name, lower(name_of_file));
    return true;
  }

  /// By the name of its field.
  bool named(std::uint32_t meaning, Slice span) {
    if (urls && (meaning & is_host) != 0) hosts.push_back(span);
    if ((meaning & is_rewritten) != 0) return false;
    const auto asked = meaning & asked_by_name;
    if (asked == 0) return true;
    const auto is = [&](NamedKind kind) { return (asked & first_named << static_cast<unsigned>(kind)) != 0; };
    if (is(NamedKind::user_agent)) return as_written(LiteralKind::user_agent, view(span));
    if (is(NamedKind::mutex)) return as_written(LiteralKind::mutex, view(span));
    return false;
  }

  bool as_written(LiteralKind kind, std::string_view value) {
    const auto plain = trimmed(value);
    if (!plain.empty() && plain.size() <= model::value_bytes_max) add(kind, plain);
    return true;
  }

  bool special(std::string_view value) { return special(value, shape_of(value)); }

  /// As Scanner::State::value() goes on where a text is neither a name nor a hash nor an IPv4 address.
  bool special(std::string_view value, Shape shape) {
    has_path |= value.starts_with('/');
    if (value.size() > model::value_bytes_max) return true;
    if (file_paths && shape.has(Shape::slash)) return false;
    if (mac && value.size() >= 12 && value.size() <= 17) return false;
    if (ja4 && value.size() == 36 && value[10] == '_') return false;
    if (shape.only(hex_shape | Shape::dot | Shape::colon))
      if (const auto address = model::parse_ipv6(value)) return add(*address), true;
    if (shape.only(name_shape | Shape::colon)) return host(without_port(value));
    if (shape.has(Shape::bracket) && is_defanged(value)) return false;
    if (shape.has(Shape::colon) && shape.has(Shape::slash) && value.find("://") != value.npos) {
      const auto host_text = url_host(value);
      return host(host_text) && url_host_of(host_text);
    }
    if (shape.has(Shape::space | Shape::backslash))
      return !(emails && value.ends_with('>') && shape.has(Shape::at));
    if (value.starts_with('[') && shape.only(hex_shape | Shape::dot | Shape::colon | Shape::bracket))
      return host(without_port(value));
    if (shape.has(Shape::at)) return !emails;
    if (value.starts_with("*.")) return host(value.substr(2));
    if (shape.has(Shape::slash)) return url_host_of(without_port(value.substr(0, value.find('/'))));
    return !shape.has(Shape::high) || !domains;
  }

  /// A URL that stands in several fields.
  bool pieces() {
    return std::ranges::all_of(
        hosts, [&](Slice host_of_url) { return url_host_of(without_port(view(host_of_url))); });
  }

  bool look_through(LineWalk<State>& walk, const BlockLine& of) {
    hosts.clear();
    has_path = false;
    if (of.high && !is_utf8({block + of.begin, of.end - of.begin})) return false;
    return walk.run(of) && (!has_path || pieces());
  }

  bool finds(LiteralKind kind, std::uint64_t hash_of_key, std::string_view key) const {
    return std::ranges::any_of(tables.layers, [&](const LayerUse& use) {
      return !use.layer->literals.find(hash_of_key, kind, key).empty();
    });
  }

  bool finds(const Address& address) const {
    return std::ranges::any_of(address.is_v4() ? tables.v4_bits : tables.v6_bits, [&](int bits) {
      const auto key = network_key(model::masked(address, bits), bits);
      return finds(
          LiteralKind::network, literal_hash(tables.key, LiteralKind::network, key.view()), key.view());
    });
  }

  bool finds_name(std::string_view rest) const {
    for (;;) {
      const auto dot = rest.find('.');
      if (dot == rest.npos) return false;
      if (finds(LiteralKind::domain, literal_hash(tables.key, LiteralKind::domain, rest), rest)) return true;
      rest.remove_prefix(dot + 1);
    }
  }

  void ask() {
    for (const auto& one : candidates4)
      if (may_hold_v4(tables, one.address) && finds(Address::of_v4(one.address)))
        index.lines[one.line].look = true;
    for (const auto& one : candidates6)
      if (may_hold_v6(tables, one.address) && finds(one.address)) index.lines[one.line].look = true;
    for (const auto& one : candidates) {
      if (!may_hold_hash(tables, one.hash)) continue;
      const std::string_view key(one.at, one.size);
      if (one.kind == LiteralKind::domain_tail ? finds_name(key) : finds(one.kind, one.hash, key))
        index.lines[one.line].look = true;
    }
  }
};

LineSieve::LineSieve(const Matcher& matcher) : state_(std::make_unique<State>(matcher)) {}
LineSieve::~LineSieve() = default;
LineSieve::LineSieve(LineSieve&&) noexcept = default;

const std::vector<BlockLine>& LineSieve::sifted() const {
  return state_->index.lines;
}

const std::vector<BlockLine>& LineSieve::sift(std::string_view block, const FieldMap* map) {
  auto& state = *state_;
  state.begin(block, map);
  index_block(block, state.index);
  LineWalk<State> walk(block.data(), state.index, *state.keys, state);
  state.line = 0;
  for (auto& line : state.index.lines) {
    line.look = !state.look_through(walk, line);
    ++state.line;
  }
  state.ask();
  return state.index.lines;
}

}  // namespace shieldwall::detect
