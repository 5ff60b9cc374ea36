#include "exchange/federation/relaying.h"

#include "exchange/federation/anonymous.h"
#include "exchange/federation/envelope.h"

namespace shieldwall::exchange::federation {

std::optional<std::string_view> why_not_carried(const Known& known, const Delivery& delivery, Timestamp now) {
  const auto* const self = known.member(known.home);
  const auto found = known.sealing.find(delivery.to);
  // For whom this node suspends it waits, handed out to nobody: a refusal would be for ever.
  if (self == nullptr || !is_relay(*self) || found == known.sealing.end())
    return "not for this node, and it does not carry it on";
  if (delivery.kind == ItemKind::anonymous && delivery.item.size() != anonymous_item_bytes)
    return "not as long as every sealed sighting is";
  if (delivery.kind != ItemKind::envelope) return std::nullopt;
  const auto header = header_of(delivery.item);
  if (!header) return "not an envelope: its header cannot be read";
  if (header->expires <= now) return "its time is over";
  return std::nullopt;
}

void withhold_expired(Page& page, Timestamp now) {
  for (auto& delivery : page.deliveries) {
    if (delivery.kind != ItemKind::envelope) continue;
    const auto header = header_of(delivery.item);
    if (!header || header->expires > now) continue;
    delivery.kind = ItemKind::withdrawn;
    delivery.item.clear();
  }
}

}  // namespace shieldwall::exchange::federation
