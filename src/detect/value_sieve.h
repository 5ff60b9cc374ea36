#pragma once
// What the values of a JSON line are asked for: which may be keys that a matcher looks for, told by the
// classes of their bytes. As the Scanner takes values (scanner.cpp), but before anything is copied or brought
// into canonical form; what that would change much is left to it.

#include <bit>
#include <cstring>
#include <string_view>
#include <vector>

#include "detect/candidates.h"
#include "detect/known_texts.h"
#include "detect/readers/field_map.h"
#include "detect/readers/json_scalar.h"
#include "detect/readers/key_table.h"
#include "detect/readers/line_form.h"
#include "detect/shape.h"
#include "detect/text_marks.h"
#include "model/address.h"

namespace shieldwall::detect {

struct ValueSieve {
  explicit ValueSieve(const MatcherTables& tables);

  /// What the name of a field says, in bits, for text() and scalar().
  static std::uint32_t meaning_of(const FieldMap* map, std::string_view name);

  /// `index` is of the block.
  void begin(const char* next_block) {
    block = next_block;
    candidates.clear();
  }

  static constexpr bool takes_escapes = true;

  // What a line's values are asked for. Each says false when the line must be looked at.

  /// Most texts are words that nobody looks for: those are told from the others without a branch each.
  [[gnu::always_inline]] bool texts(const LineForm::Text* of,
                                    std::size_t count,
                                    std::uint64_t told,
                                    const std::uint32_t* marks) {
    auto look = told;
    for (std::size_t i = 0; i < count; ++i) {
      const auto span = of[i].in(marks);
      const auto size = span.size();
      const auto other = ~index.plain.from(span.begin) & ~(~std::uint64_t{0} << (size & 63));
      const bool is_word = (other | (asked_sizes >> (size & 63) & 1) | size >> 6) == 0;
      look |= static_cast<std::uint64_t>(!is_word) << i;
    }
    if (file_names) look = ~std::uint64_t{0} >> (64 - count);
    for (; look != 0; look &= look - 1) {
      const auto& one = of[std::countr_zero(look)];
      if (!text(*one.key, one.in(marks))) return false;
    }
    return true;
  }

  [[gnu::always_inline]] bool text(const KeyTable::Key& key, Slice span) {
    if (escapes && std::memchr(block + span.begin, '\\', span.size()) != nullptr)
      return escaped(key.meaning, span);
    if ((key.meaning & of_interest) != 0 && !named(key.meaning, span)) return false;
    const auto size = span.size();
    if (size < 2) {
      if (block[span.begin] == '/') note_path(view(span));  // of an empty one that is its quote
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

  void begin_line(std::uint32_t number) {
    line = number;
    escapes = index.lines[number].escapes;
    pieces.hosts.clear();
    pieces.paths = 0;
    pieces.has_query = false;
  }
  bool end_line() { return pieces.paths == 0 || pieces.hosts.empty() || url_in_pieces(); }

  std::string_view view(Slice span) const { return {block + span.begin, span.size()}; }
  static std::uint64_t every(unsigned size) { return ~std::uint64_t{0} >> (64 - size); }  // of 1..64

  void note_path(std::string_view value) {
    pieces.path = value;
    ++pieces.paths;
  }

  /// Without anything but letters, digits, dashes and underscores, and of an interesting size.
  bool plain_value(Slice span) {
    const auto size = span.size();
    if (size != 32 && size != 40) return false;
    return index.hex.range(span.begin, size) != every(size) || hash(span);
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
  [[gnu::always_inline]] bool numeric(Slice span, std::uint64_t dots) {
    const auto size = span.size();
    if (mac && size - static_cast<unsigned>(std::popcount(dots)) == 12) return false;
    if (size <= DottedQuad::size_max && (dots & 1) == 0)
      candidates.add_quad(block + span.begin, static_cast<std::uint32_t>(dots) | 1u << size, line);
    return true;
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

  /// As Scanner::State::value() goes on where a text is neither a name nor a hash nor an IPv4 address: up to
  /// ByteBits::most bytes, of which `others` are neither plain nor dots.
  bool special(Slice span, std::uint64_t others, std::uint64_t dots) {
    const auto size = span.size();
    const auto marks = marks_of(block + span.begin, size);
    if (marks.rare != 0 || mac || ja4 || (file_paths && marks.slash != 0))
      return odd_value(view(span), shape_of(view(span)));
    if ((marks.slash & 1) != 0) note_path(view(span));
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
    Slice authority{scheme.end + 3, span.end};
    const auto ends = marks.url_part >> (colon + 3);
    if (colon + 3 < 64 && ends != 0)
      authority.end = authority.begin + static_cast<unsigned>(std::countr_zero(ends));
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

  bool long_value(Slice span);
  /// name() of any size.
  bool long_name(std::string_view value);
  bool odd_host(std::string_view value);
  bool odd_url(std::string_view host_of_url);
  bool file_name(std::string_view value);
  /// By the name of its field.
  bool named(std::uint32_t meaning, Slice span);
  bool as_written(LiteralKind kind, std::string_view value);
  /// As special(), of any text.
  bool odd_value(std::string_view value, Shape shape);
  /// A text in which something is escaped.
  bool escaped(std::uint32_t meaning, Slice span);
  /// A URL that stands in several fields.
  bool url_in_pieces();

  bool domains, urls, hashes, ja3, ja4, mac, emails, file_names, file_paths;
  std::uint32_t asked_by_name = 0;
  std::uint32_t of_interest = 0;  // bits of a meaning that named() must see
  std::uint64_t asked_sizes = 0;  // of values without marks: may be hashes, MAC addresses, JA4, or are long

  KnownTexts known;

  BlockIndex index;
  Candidates candidates;
  const char* block = nullptr;
  std::uint32_t line = 0;  // its number in the block
  bool escapes = false;    // in the line

  /// Pieces of a URL in several fields of the line.
  struct Pieces {
    std::vector<Slice> hosts;
    std::string_view path;
    unsigned paths = 0;  // values that begin with '/'
    bool has_query = false;
  } pieces;
};

}  // namespace shieldwall::detect
