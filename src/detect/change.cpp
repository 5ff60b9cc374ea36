// Small changes beside a large matcher: new indicators become a layer of their own, ids that went are
// remembered.
#include "detect/tables.h"

namespace shieldwall::detect {

namespace {

constexpr std::size_t newest_max = 1024;  // compiled anew with every change, in about a millisecond

std::shared_ptr<const IdSet> with_more(const std::shared_ptr<const IdSet>& set,
                                       const std::vector<std::string>& ids) {
  auto more = set ? std::make_shared<IdSet>(*set) : std::make_shared<IdSet>();
  more->insert(ids.begin(), ids.end());
  return more;
}

void take_those_in_force(const LayerUse& use, std::vector<Indicator>& into) {
  for (std::size_t i = 0; i < use.layer->size(); ++i) {
    auto indicator = use.layer->indicator(i);
    if (!use.withdrawn || !use.withdrawn->contains(indicator.id)) into.push_back(std::move(indicator));
  }
}

}  // namespace

/// Layers: the base; what was added in the past; what was added lately. A layer that is compiled anew takes
/// in the one behind it.
Matcher changed(const Matcher& matcher, MatcherChange change, Timestamp now) {
  const auto& tables = MatcherAccess::tables(matcher);
  auto ids = std::move(change.withdrawn);
  for (const auto& indicator : change.added)
    if (!indicator.id.empty()) ids.push_back(indicator.id);
  auto layers = tables.layers;
  if (!ids.empty())
    for (auto& use : layers) use.withdrawn = with_more(use.withdrawn, ids);
  std::vector<Indicator> added;
  const auto take_last = [&] {
    take_those_in_force(layers.back(), added);
    layers.pop_back();
  };
  if (layers.size() > 2) take_last();
  if (layers.size() > 1 &&
      (added.size() + change.added.size() > newest_max || layers.back().layer->size() <= newest_max))
    take_last();
  added.insert(added.end(), change.added.begin(), change.added.end());
  if (!added.empty()) layers.push_back({.layer = compile_layer(std::move(added), now, tables.key)});
  return MatcherAccess::of(joined(now, tables.key, std::move(layers)));
}

}  // namespace shieldwall::detect
