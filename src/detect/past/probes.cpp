#include "detect/past/probes.h"

#include <algorithm>

#include "base/text.h"
#include "detect/packed/cursor.h"
#include "detect/past/observables.h"
#include "detect/tables.h"
#include "model/canonical_parts.h"

namespace shieldwall::detect::past {

namespace {

constexpr int widened_max = 16;  // bits: a network is asked for as at most 65,536 smaller ones

class Asker {
 public:
  Asker(const PastFolder& folder, const Layer& layer, Questions& into)
      : folder_(folder), layer_(layer), into_(into) {}

  void ask(std::uint32_t indicator, LiteralKind kind, std::string_view key) {
    indicator_ = indicator;
    kind_ = kind;
    switch (kind) {
      case LiteralKind::network:
        return network(key);
      case LiteralKind::url:
        return url(key);
      case LiteralKind::file_name:
        add(kind, key);
        if (key.find('.') != key.npos) add(LiteralKind::domain, key);  // a word of running text
        return;
      case LiteralKind::ja3:
        return add(LiteralKind::hash, key);
      case LiteralKind::url_host:
        return;  // serves the scanner alone
      default:
        return add(kind, key);
    }
  }

 private:
  void add(LiteralKind kind, std::string_view key, bool is_wider = false) {
    const auto number = static_cast<std::uint32_t>(into_.all.size());
    into_.all.push_back({indicator_, kind_, is_wider});
    into_.probes.push_back({folder_.hash(kind, key), number});
  }

  /// Addresses are remembered with their networks of a few lengths: ask the next longer ones that make it up,
  /// or where these are too many, the next shorter one.
  void network(std::string_view key) {
    if (key.size() != 5 && key.size() != 17) return;
    const int bits = static_cast<unsigned char>(key.back());
    model::Address first;
    if (key.size() == 5) {
      std::uint32_t v4 = 0;
      for (const char c : key.substr(0, 4)) v4 = v4 << 8 | static_cast<unsigned char>(c);
      first = model::Address::of_v4(v4);
      return network(first, bits, v4_prefixes);
    }
    std::copy_n(key.begin(), 16, first.bytes.begin());
    network(first, bits, v6_prefixes);
  }

  void network(const model::Address& first, int bits, std::span<const int> lengths) {
    int longer = -1, shorter = -1;
    for (const int length : lengths) {  // from long to short
      if (length >= bits) longer = length;
      if (length < bits && shorter < 0) shorter = length;
    }
    if (longer >= 0 && longer - bits <= widened_max) return parts(first, bits, longer);
    if (shorter >= 0)
      return add(LiteralKind::network, network_key(model::masked(first, shorter), shorter).view(), true);
    into_.unused.push_back({.id = layer_.indicator(indicator_).id,
                            .source = "",
                            .reason = fmt::format("{} is too wide to be asked of the past",
                                                  to_text(model::Network{first, bits})),
                            .partly = true});
  }

  void parts(model::Address first, int bits, int length) {
    for (std::uint32_t i = 0; i < 1u << (length - bits); ++i) {
      auto one = first;
      for (int bit = 0; bit < length - bits; ++bit)  // counted from the lowest of the part's own bits
        if ((i >> bit & 1) != 0) {
          const auto at = static_cast<std::size_t>(length - 1 - bit);
          one.bytes[at / 8] = static_cast<std::uint8_t>(one.bytes[at / 8] | 0x80u >> at % 8);
        }
      add(LiteralKind::network, network_key(one, length).view());
    }
  }

  /// As it is, and as an event that tells host and path alone would: port 443 may be said or not.
  void url(std::string_view key) {
    add(LiteralKind::url, key);
    const auto scheme = key.find("://");
    if (scheme == key.npos) return;
    const bool is_https = key.substr(0, scheme) == "https";
    if (!is_https && key.substr(0, scheme) != "http") return;
    const auto rest = key.substr(scheme + 3);
    if (const auto plain = model::canonical_url("http://" + std::string(rest)))
      add(LiteralKind::url, std::string_view(*plain).substr(4));
    const auto host_end = std::min(rest.find_first_of("/?#"), rest.size());
    const auto host = rest.substr(0, host_end);
    const bool has_port = host.rfind(':') != host.npos && !host.ends_with(']');
    if (is_https && !has_port)
      if (const auto said = model::canonical_url(fmt::format("http://{}:443{}", host, rest.substr(host_end))))
        add(LiteralKind::url, std::string_view(*said).substr(4));
  }

  const PastFolder& folder_;
  const Layer& layer_;
  Questions& into_;
  std::uint32_t indicator_ = 0;
  LiteralKind kind_{};
};

/// The literals of a line, as they lie in its text (docs/formats/matcher.md).
void ask_line(const LiteralImage& image, const TableLine& line, Asker& asker) {
  const auto begin = static_cast<std::uint64_t>(line.text & ~line_overflows) * text_block_bytes;
  Cursor cursor(begin <= image.text.size() ? image.text.substr(begin) : std::string_view{});
  for (std::size_t slot = 0; slot < line_slots; ++slot) {
    const auto* const bytes = line.remainders + 5 * slot;
    if (std::all_of(bytes, bytes + 5, [](std::uint8_t byte) { return byte == 0; })) continue;
    const auto key = cursor.text();
    const auto kind = cursor.fixed<std::uint8_t>();
    const auto count = cursor.varint();
    const auto numbers = cursor.bytes(count > cursor.rest().size() ? UINT64_MAX : 4 * count);
    if (!cursor.good()) return;
    const Postings indicators(numbers.data(), numbers.size() / 4);
    for (std::size_t i = 0; i < indicators.size(); ++i)
      asker.ask(indicators[i], static_cast<LiteralKind>(kind), key);
  }
}

}  // namespace

Questions questions_of(const PastFolder& folder, const Matcher& matcher) {
  Questions questions;
  const auto& tables = MatcherAccess::tables(matcher);
  if (tables.layers.empty()) return questions;
  const auto& layer = *tables.layers.front().layer;
  Asker asker(folder, layer, questions);
  for (const auto& line : layer.literals.lines) ask_line(layer.literals, line, asker);
  std::ranges::sort(questions.probes);
  return questions;
}

}  // namespace shieldwall::detect::past
