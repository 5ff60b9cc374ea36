#include "exchange/taxii/rewritten.h"

#include <cstring>

#include "base/log.h"
#include "wire/stix_label.h"

namespace shieldwall::exchange::taxii {

Digest digest_of(const policy::Label& label) {
  return sha256(policy::encode(label));
}

std::shared_ptr<const Bytes> rewritten(const policy::Holding& holding) {
  auto text = wire::rewrite_markings(*holding.bytes, holding.label);
  if (!text) {
    log::error("a stored object cannot be read", {{"id", holding.id.text()}, {"why", text.error().message}});
    return nullptr;
  }
  if (*text == *holding.bytes) return holding.bytes;
  return std::make_shared<const Bytes>(std::move(*text));
}

std::size_t RewrittenObjects::KeyHash::operator()(const Key& key) const noexcept {
  std::size_t of_label = 0;
  std::memcpy(&of_label, key.label.bytes.data(), sizeof of_label);
  return std::hash<const void*>{}(key.received) ^ of_label;
}

void RewrittenObjects::keep(State& state, const Key& key, Entry entry) {
  state.young_bytes +=
      entry.received->size() + (entry.leaving == entry.received ? 0 : entry.leaving->size()) + sizeof(Entry);
  state.young.insert_or_assign(key, std::move(entry));
  if (state.young_bytes < rewritten_bytes_max / 2) return;
  state.old = std::move(state.young);
  state.young.clear();
  state.young_bytes = 0;
}

std::shared_ptr<const Bytes> RewrittenObjects::of(const policy::Holding& holding, const Digest& label) {
  const Key key{holding.bytes.get(), label};
  auto known = state_.with([&](State& state) -> std::shared_ptr<const Bytes> {
    if (const auto found = state.young.find(key); found != state.young.end()) return found->second.leaving;
    auto found = state.old.extract(key);
    if (found.empty()) return nullptr;
    auto leaving = found.mapped().leaving;
    keep(state, key, std::move(found.mapped()));
    return leaving;
  });
  if (known) return known;
  auto leaving = rewritten(holding);
  if (leaving) state_.with([&](State& state) { keep(state, key, {holding.bytes, leaving}); });
  return leaving;
}

}  // namespace shieldwall::exchange::taxii
