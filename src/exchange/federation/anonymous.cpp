#include "exchange/federation/anonymous.h"

#include <algorithm>

#include "exchange/federation/outbox.h"
#include "ledger/anonymous.h"
#include "ledger/instant_key.h"
#include "ledger/organisation.h"
#include "model/json_writer.h"
#include "policy/byte_form.h"
#include "policy/label_limits.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::ByteReader;
using policy::ByteWriter;

constexpr std::string_view anonymous_domain = "shieldwall/anonymous/v1";
constexpr std::uint8_t anonymous_version = 1;
constexpr std::uint32_t protocol_with_anonymous = 3;
constexpr std::size_t id_bytes_max = 300;         // with the rest below anonymous_bytes
constexpr std::uint64_t count_max = 999'999'999;  // STIX 2.1 section 5.2
constexpr std::size_t at_once = 64;               // of one round
constexpr int rows_at_once = 1'000;

/// Any of those that carry for that member, and to whose node this one can speak.
Result<OrganisationId> relay_for(const Known& known,
                                 const ledger::AnonymousCount& count,
                                 const std::function<std::uint32_t(const OrganisationId&)>& speaks,
                                 Random& random) {
  std::vector<OrganisationId> fit;
  for (const auto& one : known.newest) {
    if (one.roster.alliance != count.alliance) continue;
    for (const auto& member : one.roster.members) {
      const auto& who = member.organisation;
      const bool is_other = who != known.home && who != known.node_of(count.owner);
      if (is_other && is_relay(member) && !known.is_suspended(who) && speaks(who) >= protocol_with_anonymous)
        fit.push_back(who);
    }
  }
  if (fit.empty())
    return fail(ErrorCode::unavailable, "no relay can be reached that carries what is anonymous");
  return fit[random.below(fit.size())];
}

/// Those that are due, in the order in which they are; what cannot leave yet keeps none of the others back.
class Leaving {
 public:
  Leaving(api::Services& services,
          const Known& known,
          const std::function<std::uint32_t(const OrganisationId&)>& speaks)
      : services_(services),
        records_(services.store.records()),
        known_(known),
        speaks_(speaks),
        now_(services.clock.now()),
        outbox_(records_) {}

  Result<std::vector<OrganisationId>> run() {
    for (std::string after; TRY(consider_page(after));) {
    }
    if (writes_.empty()) return std::vector<OrganisationId>();
    auto all = outbox_.take();
    std::ranges::move(writes_, std::back_inserter(all));
    TRY(records_.write(all));
    return outbox_.peers();
  }

 private:
  /// Rows that follow `after`, which moves on. False: no more of them is due, or it is enough for one round.
  Result<bool> consider_page(std::string& after) {
    const auto rows = TRY(records_.scan(ledger::peer_table, ledger::anonymous_prefix, after, rows_at_once));
    for (const auto& row : rows) {
      const bool is_due = ledger::instant_of(ledger::anonymous_prefix, row.key) <= now_;
      if (!is_due || writes_.size() == at_once) return false;
      TRY(consider(row));
    }
    if (rows.size() < static_cast<std::size_t>(rows_at_once)) return false;
    after = rows.back().key;
    return true;
  }

  Done consider(const store::Record& row) {
    const auto count = TRY(ledger::decode_anonymous_count(row.value));
    if (!TRY(ledger::may_leave(services_.store, count))) return {};
    const auto keys = known_.keys(known_.node_of(count.owner), policy::KeyUse::sealing);
    if (keys.empty() || known_.is_suspended(count.owner)) return {};
    const auto relay = relay_for(known_, count, speaks_, services_.random);
    if (!relay) return {};  // it waits for one
    const AnonymousSighting sighting{.alliance = count.alliance,
                                     .to = count.owner,
                                     .indicator = count.indicator,
                                     .from = count.from,
                                     .length = count.length,
                                     .count = count.count};
    const auto item = TRY(seal(sighting, keys.front()));
    Queued queued{.delivery = {.kind = ItemKind::anonymous, .to = policy::key_id(keys.front())}, .at = now_};
    TRY(outbox_.add(*relay, std::move(queued), item));
    writes_.push_back(
        {.table = ledger::peer_table, .key = row.key, .value = std::nullopt, .expected = row.revision});
    return {};
  }

  api::Services& services_;
  store::Records& records_;
  const Known& known_;
  const std::function<std::uint32_t(const OrganisationId&)>& speaks_;
  const Timestamp now_;
  OutboxBatch outbox_;
  std::vector<store::Write> writes_;
};

}  // namespace

Bytes encode(const AnonymousSighting& sighting) {
  ByteWriter out;
  out.raw(anonymous_domain);
  out.number(anonymous_version);
  out.uuid(sighting.alliance.uuid);
  out.uuid(sighting.to.uuid);
  out.counted(sighting.indicator.text());
  out.number(sighting.from.us);
  out.number(sighting.length.us);
  out.number(sighting.count);
  auto bytes = std::move(out).take();
  bytes.resize(anonymous_bytes, '\0');
  return bytes;
}

Result<AnonymousSighting> decode_anonymous_sighting(std::string_view bytes) {
  ByteReader in(bytes, "anonymous sighting");
  if (bytes.size() != anonymous_bytes) return in.refuse("not as long as every one is");
  if (TRY(in.raw(anonymous_domain.size())) != anonymous_domain) return in.refuse("not an anonymous sighting");
  if (TRY(in.number<std::uint8_t>()) != anonymous_version)
    return in.refuse("a version this program does not know");
  AnonymousSighting sighting;
  sighting.alliance.uuid = TRY(in.uuid());
  sighting.to.uuid = TRY(in.uuid());
  const auto indicator = TRY(in.line(1, id_bytes_max));
  sighting.indicator = TRY(model::ObjectId::parse(indicator));
  sighting.from.us = TRY(in.number<std::int64_t>());
  sighting.length.us = TRY(in.number<std::int64_t>());
  sighting.count = TRY(in.number<std::uint64_t>());
  const auto padding = in.rest();
  if (std::ranges::any_of(padding, [](char c) { return c != '\0'; }))
    return in.refuse("something after its end");
  const bool is_day = sighting.length.us > 0 && sighting.length <= days(1);
  if (sighting.indicator.type != "indicator" || !is_day || sighting.count == 0 ||
      sighting.count > count_max || !policy::is_writable(sighting.from, Timestamp{}) ||
      !policy::is_writable(sighting.from + sighting.length, Timestamp{}))
    return in.refuse("what it tells is no sighting of an indicator");
  return sighting;
}

Result<Bytes> seal(const AnonymousSighting& sighting, const policy::MemberKey& member) {
  return ledger::seal_to(member.key, encode(sighting));
}

Result<AnonymousSighting> open_anonymous(std::string_view box, const ledger::NodeKeys& keys) {
  const auto content = TRY(keys.open(box));
  return decode_anonymous_sighting(content);
}

std::string sighting_text(const AnonymousSighting& sighting, const Uuid& id, Timestamp at) {
  model::JsonWriter out;
  out.begin_object();
  out.member("type", "sighting");
  out.member("spec_version", "2.1");
  out.member("id", model::ObjectId{"sighting", id}.text());
  out.member("created", to_text_ms(at));
  out.member("modified", to_text_ms(at));
  out.member("first_seen", to_text_ms(sighting.from));
  out.member("last_seen", to_text_ms(sighting.from + sighting.length));
  out.member("count", sighting.count);
  out.key("labels");
  out.begin_array();
  out.value(anonymous_label);
  out.end_array();
  out.member("sighting_of_ref", sighting.indicator.text());
  out.end_object();
  return std::move(out).text();
}

store::Write mixed(const Delivery& delivery, Random& random) {
  return {.table = ledger::peer_table,
          .key = std::string(mix_prefix) + Uuid::random(random).text(),
          .value = Bytes(delivery.to.view()) + delivery.item,
          .expected = std::nullopt};
}

Result<Mixed> decode_mixed(std::string_view row) {
  ByteReader in(row, "mixed sighting");
  Mixed mixed;
  mixed.to = TRY(in.digest());
  mixed.box = Bytes(in.rest());
  return mixed;
}

std::string anonymous_count(const OrganisationId& member) {
  return "anonymous-quota/" + member.text();
}

Result<std::vector<OrganisationId>> send_anonymous(
    api::Services& services,
    const Known& known,
    const std::function<std::uint32_t(const OrganisationId&)>& speaks) {
  return Leaving(services, known, speaks).run();
}

}  // namespace shieldwall::exchange::federation
