#include "exchange/federation/carrying.h"

#include "exchange/federation/anonymous.h"
#include "exchange/federation/relaying.h"

namespace shieldwall::exchange::federation {

using WhyNot = std::optional<std::string_view>;

Result<WhyNot> carry(Taking& taking, const Delivery& delivery) {
  if (const auto why = why_not_carried(taking.known, delivery, taking.now)) return WhyNot(why);
  if (delivery.kind == ItemKind::withdrawn) return WhyNot();
  if (delivery.kind == ItemKind::anonymous) {
    if (!TRY(taking.is_within(anonymous_count(taking.peer), anonymous_per_day)))
      return WhyNot("more than a relay takes of one member in a day");
    taking.writes.push_back(mixed(delivery, taking.services.random));
    return WhyNot();
  }
  Queued queued{.delivery = delivery, .at = taking.now, .carried = true};
  queued.delivery.item.clear();
  TRY(taking.outbox.add(taking.known.sealing.at(delivery.to), std::move(queued), delivery.item));
  return WhyNot();
}

}  // namespace shieldwall::exchange::federation
