#include "detect/sieve.h"

#include <algorithm>

#include "base/text.h"
#include "detect/candidates.h"
#include "detect/field_kind.h"
#include "detect/readers/field_map.h"
#include "detect/readers/line_forms.h"
#include "detect/readers/quickly.h"
#include "detect/readers/utf8.h"
#include "detect/shape.h"
#include "detect/tables.h"
#include "detect/text_marks.h"
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
  is_host = 2,       // may be the host of a URL in pieces,
  is_query = 4,      // and its query
  first_named = 8,   // and its shifts: one for each NamedKind
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
    of_interest = asked_by_name | is_rewritten | (urls ? is_host | is_query : 0u);
    if (hashes || ja3) asked_sizes |= 1ull << 32 | 1ull << 40;
    if (ja4) asked_sizes |= 1ull << 36;
    for (unsigned size = 12; mac && size <= 17; ++size) asked_sizes |= 1ull << size;
  }

  const Matcher matcher;
  const MatcherTables& tables;
  bool v4, v6, domains, urls, hashes, ja3, ja4, mac, emails, file_names, file_paths;
  std::uint32_t asked_by_name = 0;
  std::uint32_t of_interest = 0;  // bits of a meaning that named() must see
  std::uint64_t asked_sizes = 0;  // of values without marks: may be hashes, MAC addresses, JA4

  const FieldMap* map = nullptr;
  std::unique_ptr<KeyTable> keys;
  std::unique_ptr<LineForms> forms;
  BlockIndex index;
  Candidates candidates{tables};
  const char* block = nullptr;
  std::uint32_t line = 0;

  /// Pieces of a URL in several fields of the line.
  struct Pieces {
    std::vector<Slice> hosts;
    Slice path;
    unsigned paths = 0;  // values that begin with '/'
    bool has_query = false;
  } pieces;

  static std::uint32_t meaning_of(const void* context, std::string_view name) {
    const auto* const map = static_cast<const State*>(context)->map;
    std::uint32_t meaning = 0;
    if (name.ends_with("host") || name.ends_with("hostname") || name.ends_with("domain")) meaning |= is_host;
    if (map != nullptr) {
      if (map->rewrites.contains(name)) meaning |= is_rewritten;
      for (const auto& url : map->urls) {
        if (url.host == name) meaning |= is_host;
        if (url.query == name) meaning |= is_query;
      }
    }
    if (is_query_field(name)) meaning |= is_query;
    const auto kind = map != nullptr ? kind_of(*map, name) : kind_by_field(name);
    if (kind != NamedKind::none) meaning |= first_named << static_cast<unsigned>(kind);
    return meaning;
  }

  void begin(std::string_view text, const FieldMap* next_map) {
    if (!keys || map != next_map) {
      map = next_map;
      keys = std::make_unique<KeyTable>(&meaning_of, this);
      forms = std::make_unique<LineForms>();
    }
    block = text.data();
    candidates.clear();
  }

  // What a line's values are asked for. Each says false when the line must be looked at.

  [[gnu::always_inline]] bool text(const KeyTable::Key& key, Slice span) {
    if ((key.meaning & of_interest) != 0 && !named(key.meaning, span)) return false;
    const auto size = span.size();
    if (size < 2) {
      if (block[span.begin] == '/') note_path(span);  // of an empty one that is its quote
      return true;
    }
    if (file_names && !file_name(view(span))) return false;
    if (size > ByteBits::most) return long_value(span);
    const auto all = every(size);
    const auto other = ~index.plain.from(span.begin) & all;
    if (other == 0) return (asked_sizes >> size & 1) == 0 || plain_value(span);
    const auto dots = index.dot.from(span.begin) & all;
    return other == dots ? dotted(span, dots) : special(span, other & ~dots, dots);
  }

  [[gnu::always_inline]] bool scalar(const KeyTable::Key& key, Slice span) {
    return (key.meaning & of_interest) == 0 || named(key.meaning, span);
  }

  /// What was told of the line so far is told again. Keys that are asked for twice do no harm.
  void forget() {
    pieces.hosts.clear();
    pieces.paths = 0;
    pieces.has_query = false;
  }

  std::string_view view(Slice span) const { return {block + span.begin, span.size()}; }
  static std::uint64_t every(unsigned size) { return ~std::uint64_t{0} >> (64 - size); }  // of 1..64

  void note_path(Slice span) {
    pieces.path = span;
    ++pieces.paths;
  }

  /// Without anything but letters, digits, dashes and underscores, and of an interesting size.
  bool plain_value(Slice span) {
    const auto size = span.size();
    if (size != 32 && size != 40) return false;
    return index.hex.range(span.begin, size) != every(size) || hash(span);
  }

  [[gnu::noinline]] bool long_value(Slice span) {
    const auto size = span.size();
    if ((size == 64 || size == 128) && all_of(index.hex, span)) return hash(span);
    const auto shape = shape_of(view(span));
    if (shape.only(name_shape)) return !shape.has(Shape::dot) || long_name(view(span));
    return odd_value(span, shape);
  }

  static bool all_of(const ByteBits& bits, Slice span) {
    for (; span.size() > ByteBits::most; span.begin += 32)
      if (bits.range(span.begin, 32) != every(32)) return false;
    return bits.range(span.begin, span.size()) == every(span.size());
  }
  static bool any_of(const ByteBits& bits, Slice span) {
    for (; span.size() > ByteBits::most; span.begin += 32)
      if (bits.range(span.begin, 32) != 0) return true;
    return bits.range(span.begin, span.size()) != 0;
  }

  /// Letters, digits, dashes, underscores and at least one dot, up to ByteBits::most.
  [[gnu::always_inline]] bool dotted(Slice span, std::uint64_t dots) {
    const auto size = span.size();
    const auto all = every(size);
    const auto digits = index.digit.from(span.begin) & all;
    if ((digits | dots) == all) return numeric(span, dots);
    return (mac && size >= 12 && size <= 17) ? false : name(span, dots);
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
    if (!four || span.size() > 15) return name(span, dots);
    const auto a = part(span.begin, first), b = part(span.begin + first + 1, second - first - 1),
               c = part(span.begin + second + 1, third - second - 1),
               d = part(span.begin + third + 1, span.size() - third - 1);
    if ((a | b | c | d) > 255) return name(span, dots);
    candidates.add_v4(a << 24 | b << 16 | c << 8 | d, line);
    return true;
  }

  /// The number in one to three digits without a leading zero, or more than 255.
  [[gnu::always_inline]] std::uint32_t part(std::uint32_t at, unsigned size) const {
    std::uint32_t word;
    std::memcpy(&word, block + at, 4);
    const auto digits = (word & 0x0f0f0f0fu) << ((32 - 8 * size) & 31) >> 8;  // hundreds lowest
    const auto number = (digits & 0xff) * 100 + (digits >> 8 & 0xff) * 10 + (digits >> 16);
    const auto bad = static_cast<unsigned>(size - 1 > 2) |
                     (static_cast<unsigned>(size > 1) & static_cast<unsigned>((word & 0xff) == '0'));
    return number | bad << 8;
  }

  bool hash(Slice span) {
    if (!hashes && !ja3) return true;
    const auto key = candidates.lower(view(span), any_of(index.upper, span));
    if (hashes) candidates.add(LiteralKind::hash, key, line);
    if (ja3 && key.size() == 32) candidates.add(LiteralKind::ja3, key, line);
    return true;
  }

  /// As dotted(); `dots` are where its dots are.
  [[gnu::always_inline]] bool name(Slice span, std::uint64_t dots) {
    if (!domains) return true;
    const auto last_of = [](std::uint64_t bits) {
      return 63 - static_cast<unsigned>(std::countl_zero(bits));
    };
    if (last_of(dots) + 1 == span.size()) {
      --span.end;
      dots ^= std::uint64_t{1} << span.size();
      if (dots == 0) return true;
    }
    const auto key = candidates.lower(view(span), (index.upper.from(span.begin) & every(span.size())) != 0);
    const auto last = last_of(dots);
    const auto before = dots ^ std::uint64_t{1} << last;
    const auto tail = last == 0 || before == 0 ? 0 : last_of(before) + 1;
    candidates.add_name(key, key.substr(tail), line);
    return true;
  }

  /// The same of any size.
  [[gnu::noinline]] bool long_name(std::string_view value) {
    if (!domains) return true;
    if (value.ends_with('.')) value.remove_suffix(1);
    if (value.size() > domain_bytes_max || value.find('.') == value.npos) return true;
    const auto key = candidates.lower(value, true);
    candidates.add_name(key, domain_tail(key), line);
    return true;
  }

  /// Nothing but a name, an address of IPv4, or of IPv6 without brackets, or what is none of these.
  bool host(Slice span) {
    if (span.size() == 0) return true;
    if (span.size() > ByteBits::most) return odd_host(view(span));
    const auto all = every(span.size());
    const auto other = ~index.plain.from(span.begin) & all;
    const auto dots = index.dot.from(span.begin) & all;
    if (other != dots) return odd_host(view(span));
    return dots == 0 || dotted(span, dots);
  }

  [[gnu::noinline]] bool odd_host(std::string_view value) {
    if (value.empty()) return true;
    if (const auto address = model::parse_ipv4(value))
      return candidates.add(Address::of_v4(*address), line), true;
    if (const auto address = model::parse_ipv6(value)) return candidates.add(*address, line), true;
    const auto shape = shape_of(value);
    if (shape.only(name_shape)) return long_name(value);
    return !shape.has(Shape::high) || !domains;
  }

  /// A URL with `host`, and with `rest` behind it; of one that is not known whole the host alone is asked.
  bool url(Candidates::Schemes schemes, Slice host_of_url, std::string_view rest) {
    const auto size = host_of_url.size();
    if (size == 0 || size > ByteBits::most || block[host_of_url.end - 1] == '.')
      return odd_url(view(host_of_url));
    const auto named = index.plain.from(host_of_url.begin) | index.dot.from(host_of_url.begin);
    if ((named & every(size)) != every(size)) return !urls;
    if (urls)
      candidates.add_url(
          schemes, candidates.lower(view(host_of_url), any_of(index.upper, host_of_url)), rest, line);
    return true;
  }

  [[gnu::noinline]] bool odd_url(std::string_view host_of_url) {
    if (!urls || host_of_url.empty()) return true;
    if (!shape_of(host_of_url).only(name_shape)) return false;
    if (host_of_url.ends_with('.')) host_of_url.remove_suffix(1);
    if (host_of_url.size() <= domain_bytes_max)
      candidates.add_url(Candidates::Schemes::other, candidates.lower(host_of_url, true), {}, line);
    return true;
  }

  [[gnu::noinline]] bool file_name(std::string_view value) {
    if (value.size() > model::value_bytes_max) return true;
    const auto name_of_file = trimmed(value.substr(value.rfind('/') + 1));  // no backslashes here
    static constexpr std::size_t name_bytes_max = 1024;
    if (name_of_file.empty() || name_of_file.size() > name_bytes_max) return true;
    if (std::ranges::any_of(name_of_file, [](char c) { return (c & 0x80) != 0; })) return false;
    candidates.add(LiteralKind::file_name, candidates.lower(name_of_file, true), line);
    return true;
  }

  /// By the name of its field.
  [[gnu::noinline]] bool named(std::uint32_t meaning, Slice span) {
    if (urls && (meaning & is_host) != 0) pieces.hosts.push_back(span);
    pieces.has_query = pieces.has_query || (meaning & is_query) != 0;
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
    if (!plain.empty() && plain.size() <= model::value_bytes_max) candidates.add(kind, plain, line);
    return true;
  }

  /// As Scanner::State::value() goes on where a text is neither a name nor a hash nor an IPv4 address: up to
  /// ByteBits::most bytes, of which `others` are neither plain nor dots.
  bool special(Slice span, std::uint64_t others, std::uint64_t dots) {
    const auto size = span.size();
    const auto marks = marks_of(block + span.begin, size);
    if (marks.rare != 0 || mac || ja4 || (file_paths && marks.slash != 0))
      return odd_value(span, shape_of(view(span)));
    if ((marks.slash & 1) != 0) note_path(span);
    if (others == marks.colon) {
      const bool hex = ((index.hex.from(span.begin) | dots | marks.colon) & every(size)) == every(size);
      const auto address = hex ? model::parse_ipv6(view(span)) : std::nullopt;
      return address ? (candidates.add(*address, line), true) : host(before_port(span, marks.colon));
    }
    const auto begins_host = marks.colon & marks.slash >> 1 & marks.slash >> 2;
    if (begins_host != 0) return whole_url(span, static_cast<unsigned>(std::countr_zero(begins_host)), marks);
    if (marks.space != 0 || marks.slash == 0) return true;
    const auto first = static_cast<unsigned>(std::countr_zero(marks.slash));
    const Slice front{span.begin, span.begin + first};
    const auto front_host = before_port(front, marks.colon & ((std::uint64_t{1} << first) - 1));
    const auto schemes = front_host.size() == first ? Candidates::Schemes::both : Candidates::Schemes::other;
    return url(schemes, front_host, view({front.end, span.end}));
  }

  /// without_port(); `colons` are where its colons are.
  Slice before_port(Slice span, std::uint64_t colons) const {
    if (colons == 0) return span;
    const auto first = static_cast<unsigned>(std::countr_zero(colons));
    const Slice port{span.begin + first + 1, span.end};
    const bool digits = port.size() == 0 || index.digit.range(port.begin, port.size()) == every(port.size());
    return digits ? Slice{span.begin, span.begin + first} : span;
  }

  /// A URL whose scheme ends at `colon`; it holds no '@' and no brackets.
  bool whole_url(Slice span, unsigned colon, const TextMarks& marks) {
    const Slice scheme{span.begin, span.begin + colon};
    Slice authority{scheme.end + 3, scheme.end + 3};
    const auto ends = [](char c) { return c == '/' || c == '?' || c == '#'; };
    while (authority.end < span.end && !ends(block[authority.end])) ++authority.end;
    const auto before = authority.begin - span.begin;
    const auto colons =
        authority.size() == 0 || before > 63 ? 0 : marks.colon >> before & every(authority.size());
    const auto host_of_url = before_port(authority, colons);
    auto schemes = Candidates::Schemes::other;
    if (host_of_url.size() == authority.size()) {
      if (view(scheme) == "http") schemes = Candidates::Schemes::http;
      if (view(scheme) == "https") schemes = Candidates::Schemes::https;
    }
    return host(host_of_url) && url(schemes, host_of_url, view({authority.end, span.end}));
  }

  /// The same of any text.
  [[gnu::noinline]] bool odd_value(Slice span, Shape shape) {
    auto value = view(span);
    if (value.starts_with('/')) note_path(span);
    if (value.size() > model::value_bytes_max) return true;
    if (file_paths && shape.has(Shape::slash)) return false;
    if (mac && value.size() >= 12 && value.size() <= 17) return false;
    if (ja4 && value.size() == 36 && value[10] == '_') return false;
    if (shape.only(hex_shape | Shape::dot | Shape::colon))
      if (const auto address = model::parse_ipv6(value)) return candidates.add(*address, line), true;
    if (shape.only(name_shape | Shape::colon)) return odd_host(without_port(value));
    if (shape.has(Shape::bracket) && is_defanged(value)) return false;
    if (shape.has(Shape::colon) && shape.has(Shape::slash) && value.find("://") != value.npos) {
      const auto host_text = url_host(value);
      return odd_host(host_text) && odd_url(host_text);
    }
    if (shape.has(Shape::space | Shape::backslash))
      return !(emails && value.ends_with('>') && shape.has(Shape::at));
    if (value.starts_with('[') && shape.only(hex_shape | Shape::dot | Shape::colon | Shape::bracket))
      return odd_host(without_port(value));
    if (shape.has(Shape::at)) return !emails;
    if (value.starts_with("*.")) return odd_host(value.substr(2));
    if (shape.has(Shape::slash)) return odd_url(without_port(value.substr(0, value.find('/'))));
    return !shape.has(Shape::high) || !domains;
  }

  /// A URL that stands in several fields.
  bool url_in_pieces() {
    if (pieces.paths == 0) return true;
    const bool whole = pieces.paths == 1 && !pieces.has_query;
    return std::ranges::all_of(pieces.hosts, [&](Slice field) {
      const auto host_of_url = without_port(view(field));
      if (!whole || host_of_url.size() != field.size()) return odd_url(host_of_url);
      return url(Candidates::Schemes::both, field, view(pieces.path));
    });
  }

  bool look_through(FormWalk<State>& walk, const BlockLine& of) {
    forget();
    if (of.high && !is_utf8({block + of.begin, of.end - of.begin})) return false;
    return walk.run(of) && url_in_pieces();
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
  FormWalk<State> walk(block.data(), state.index, *state.keys, *state.forms, state);
  quickly([&] {
    state.line = 0;
    for (auto& line : state.index.lines) {
      line.look = !state.look_through(walk, line);
      ++state.line;
    }
  });
  state.candidates.ask([&](std::uint32_t line) { state.index.lines[line].look = true; });
  return state.index.lines;
}

}  // namespace shieldwall::detect
