// From indicators to tables: what takes part, as which literals, and what does not, and why.
#include <algorithm>
#include <cstring>

#include "base/random.h"
#include "base/text.h"
#include "detect/tables.h"
#include "detect/url_parts.h"
#include "detect/values_alone.h"
#include "model/breadth.h"
#include "model/pattern.h"

namespace shieldwall::detect {

namespace {

using model::CanonicalValue;
using model::ValueKind;

std::optional<LiteralKind> literal_kind(ValueKind kind) {
  switch (kind) {  // a new kind must be added here
    case ValueKind::ipv4:
    case ValueKind::ipv6:
    case ValueKind::ipv4_cidr:
    case ValueKind::ipv6_cidr:
      return LiteralKind::network;
    case ValueKind::domain:
      return LiteralKind::domain;
    case ValueKind::url:
      return LiteralKind::url;
    case ValueKind::md5:
    case ValueKind::sha1:
    case ValueKind::sha256:
    case ValueKind::sha512:
      return LiteralKind::hash;
    case ValueKind::email:
      return LiteralKind::email;
    case ValueKind::file_name:
      return LiteralKind::file_name;
    case ValueKind::file_path:
      return LiteralKind::file_path;
    case ValueKind::ja3:
      return LiteralKind::ja3;
    case ValueKind::ja4:
      return LiteralKind::ja4;
    case ValueKind::user_agent:
      return LiteralKind::user_agent;
    case ValueKind::mutex:
      return LiteralKind::mutex;
    case ValueKind::registry_key:
      return LiteralKind::registry_key;
    case ValueKind::mac:
      return LiteralKind::mac;
    case ValueKind::asn:
      return LiteralKind::asn;
    case ValueKind::cert_serial:
      return LiteralKind::cert_serial;
  }
  return std::nullopt;
}

class Compiler {
 public:
  Compiler(Layer& layer, LiteralPacker& literals) : layer_(layer), literals_(literals) {}

  void add(std::uint32_t number, Timestamp now) {
    number_ = number;
    used_ = false;
    reasons_.clear();
    const auto& indicator = layer_.indicators[number];
    if (indicator.revoked) {
      reasons_ = {"revoked"};
    } else if (indicator.valid_from > now) {
      reasons_ = {"valid only from " + to_text(indicator.valid_from)};
      if (indicator.values.empty()) (void)parsed(indicator.pattern);
    } else {
      if (indicator.valid_until <= now)
        refuse(fmt::format("expired at {}: hits in older events alone", to_text(indicator.valid_until)));
      for (const auto& value : indicator.values) add(value);
      if (indicator.values.empty()) add_pattern(indicator.pattern);
    }
    for (auto& reason : reasons_)
      layer_.unused.push_back(
          {.id = indicator.id, .source = indicator.source, .reason = std::move(reason), .partly = used_});
  }

 private:
  void refuse(std::string reason) {
    static constexpr std::size_t reasons_max = 16;  // a pattern may hold 10^5 terms, all wrong
    if (reasons_.size() < reasons_max && std::ranges::find(reasons_, reason) == reasons_.end())
      reasons_.push_back(std::move(reason));
  }

  void add(const CanonicalValue& value) {
    const auto kind = literal_kind(value.kind);
    if (!kind) return refuse(fmt::format("values of kind {} are not looked for yet", name_of(value.kind)));
    if (auto why = model::too_broad(value)) return refuse(std::move(*why));
    if (*kind == LiteralKind::network) return add_network(value);
    if (*kind == LiteralKind::url) literals_.add(LiteralKind::url_host, url_host(value.text), number_);
    insert(*kind, value.text);
  }

  void add_network(const CanonicalValue& value) {
    const auto network = model::parse_network(value.text);
    if (!network) return refuse(network.error().message);
    auto& bits = network->is_v4() ? layer_.v4_bits : layer_.v6_bits;
    if (std::ranges::find(bits, network->bits) == bits.end()) bits.push_back(network->bits);
    insert(LiteralKind::network, network_key(network->first, network->bits).view());
  }

  void insert(LiteralKind kind, std::string_view key) {
    literals_.add(kind, key, number_);
    used_ = true;
  }

  /// Notes a pattern that says more than values.
  Result<model::Pattern> parsed(const std::string& text) {
    auto pattern = model::parse_any_pattern(text);
    if (pattern && !is_of_values_alone(*pattern)) layer_.patterns.push_back(number_);
    return pattern;
  }

  void add_pattern(const std::string& text) {
    const auto pattern = parsed(text);
    if (!pattern) return refuse("its pattern does not parse: " + pattern.error().message);
    add_observations(pattern->root);
  }

  void add_observations(const model::ObservationExpression& expression) {
    if (!expression.qualifiers.empty()) return refuse("WITHIN, REPEATS and START say more than values");
    if (expression.observation) return add_comparisons(*expression.observation);
    if (expression.junction != model::Junction::disjunction && expression.children.size() > 1)
      return refuse("AND and FOLLOWEDBY between observations say more than values");
    for (const auto& child : expression.children) add_observations(child);
  }

  void add_comparisons(const model::ComparisonExpression& expression) {
    if (expression.comparison) return add_comparison(*expression.comparison);
    if (expression.junction == model::Junction::conjunction)
      return refuse("AND inside an observation says more than values");
    for (const auto& child : expression.children) add_comparisons(child);
  }

  void add_comparison(const model::Comparison& comparison) {
    using Op = model::PatternOperator;
    const bool network = comparison.op == Op::is_subset;
    if (comparison.negated || (comparison.op != Op::equal && comparison.op != Op::in && !network))
      return refuse("only =, IN and ISSUBSET without NOT are values alone");
    if (!is_plain_path(comparison.path))
      return refuse(comparison.path.text() + " is not looked for as a value alone");
    for (const auto& literal : comparison.literals) {
      const auto value = model::canonical_at(comparison.path, literal);
      if (value && (!network || literal_kind(value->kind) == LiteralKind::network)) {
        add(*value);
      } else if (value) {
        refuse("ISSUBSET is for networks");
      } else {
        refuse(value.error().message);
      }
    }
    if (comparison.literals.empty()) refuse("an empty list matches nothing");
  }

  Layer& layer_;
  LiteralPacker& literals_;
  std::uint32_t number_ = 0;
  bool used_ = false;
  std::vector<std::string> reasons_;
};

/// What a compiled layer looks into.
struct LayerMemory {
  PackedLiterals packed;
  std::string text;
};

template <typename List, typename More>
void add_new(List& list, const More& more) {
  for (const auto one : more)
    if (std::ranges::find(list, one) == list.end()) list.push_back(one);
}

}  // namespace

NetworkKey network_key(const model::Address& masked, int bits) {
  NetworkKey key{};
  const std::size_t skipped = bits >= 96 && masked.is_v4() ? 12 : 0;
  key.size = masked.bytes.size() - skipped + 1;
  std::memcpy(key.bytes, masked.bytes.data() + skipped, masked.bytes.size() - skipped);
  key.bytes[key.size - 1] = static_cast<char>(bits);
  return key;
}

std::shared_ptr<const Layer> compile_layer(std::vector<Indicator> indicators,
                                           Timestamp now,
                                           const HashKey& key) {
  auto layer = std::make_shared<Layer>();
  layer->indicators = std::move(indicators);
  LiteralPacker literals(key);
  Compiler compiler(*layer, literals);
  for (std::size_t i = 0; i < layer->indicators.size(); ++i) compiler.add(static_cast<std::uint32_t>(i), now);
  auto memory = std::make_shared<LayerMemory>();
  auto packed = literals.pack([&](std::string_view text) -> Done {
    memory->text += text;
    return {};
  });
  if (!packed) throw std::bad_alloc();  // 32 GiB of text
  memory->packed = std::move(*packed);
  layer->literals = memory->packed.image(memory->text);
  layer->bytes = memory->packed.lines.size() * sizeof(TableLine) + memory->packed.filter.size() * 8 +
                 memory->packed.addresses.size() * 8 + memory->text.size();
  layer->memory = std::move(memory);
  return layer;
}

std::shared_ptr<const MatcherTables> joined(Timestamp now, const HashKey& key, std::vector<LayerUse> layers) {
  auto tables = std::make_shared<MatcherTables>();
  tables->now = now;
  tables->key = key;
  std::uint32_t first = 0;
  for (auto& use : layers) {
    use.first = first;
    first += static_cast<std::uint32_t>(use.layer->size());
    add_new(tables->v4_bits, use.layer->v4_bits);
    add_new(tables->v6_bits, use.layer->v6_bits);
    for (std::size_t kind = 0; kind < literal_kinds; ++kind)
      if (use.layer->literals.has(static_cast<LiteralKind>(kind))) tables->kinds.set(kind);
  }
  std::ranges::sort(tables->v4_bits, std::ranges::greater());
  std::ranges::sort(tables->v6_bits, std::ranges::greater());
  tables->layers = std::move(layers);
  return tables;
}

Matcher compile(std::vector<Indicator> indicators, const CompileOptions& options) {
  const HashKey key{system_random().next(), system_random().next()};
  auto layer = compile_layer(std::move(indicators), options.now, key);
  return MatcherAccess::of(joined(options.now, key, {{.layer = std::move(layer)}}));
}

std::size_t Matcher::indicator_count() const {
  return tables_->indicator_count();
}

Indicator Matcher::indicator(std::size_t number) const {
  const auto& use = tables_->layer_of(number);
  return use.layer->indicator(number - use.first);
}

std::span<const Indicator> Matcher::indicators() const {
  return tables_->layers.front().layer->indicators;
}

std::vector<Unused> Matcher::unused() const {
  std::vector<Unused> all;
  for (const auto& use : tables_->layers)
    all.insert(all.end(), use.layer->unused.begin(), use.layer->unused.end());
  return all;
}

std::size_t Matcher::literals() const {
  std::size_t sum = 0;
  for (const auto& use : tables_->layers)
    for (const auto count : use.layer->literals.counts) sum += count;
  return sum;
}

std::size_t Matcher::bytes() const {
  std::size_t sum = 0;
  for (const auto& use : tables_->layers) sum += use.layer->bytes;
  return sum;
}

std::size_t Matcher::changes() const {
  std::size_t sum = 0;
  for (const auto& use : tables_->layers) {
    sum += use.withdrawn ? use.withdrawn->size() : 0;
    sum += &use == &tables_->layers.front() ? 0 : use.layer->size();
  }
  return sum;
}

}  // namespace shieldwall::detect
