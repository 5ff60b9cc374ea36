#include "exchange/federation/impact.h"

#include <algorithm>
#include <charconv>

#include "exchange/federation/carry.h"
#include "exchange/federation/own_releases.h"
#include "exchange/federation/relayed_receipt.h"
#include "ledger/rows.h"
#include "ledger/subject.h"

namespace shieldwall::exchange::federation {

namespace {

constexpr std::size_t rows_max = 1'000'000;

/// How often this organisation's own telemetry met the indicator; the sum over its hours.
Result<std::uint64_t> seen_here(store::Records& records,
                                const OrganisationId& home,
                                const model::ObjectId& object) {
  std::uint64_t sum = 0;
  const auto rows = TRY(records.scan(
      store::Table::sighting_count, fmt::format("count/{}/{}/", home.text(), object.text()), "", 1'000));
  for (const auto& row : rows) {
    std::uint64_t count = 0;
    std::from_chars(row.value.data(), row.value.data() + row.value.size(), count);
    sum += count;
  }
  return sum;
}

/// The queues in which what is for that member stands: its node's, or of the relays that carry to it.
std::set<OrganisationId> queues_to(const Known& known, const OrganisationId& member) {
  std::set<OrganisationId> queues;
  for (const auto& one : known.newest)
    if (policy::find_member(one.roster, member) != nullptr)
      queues.insert(known.next_hop(member, one.roster.alliance));
  return queues;
}

/// A relay's queue holds what is for many; its acknowledgement says that it has it, and no more.
Done write_from_queue(model::JsonWriter& out,
                      store::Records& records,
                      const Known& known,
                      const OrganisationId& queue,
                      const OrganisationId& member,
                      Timestamp since,
                      std::set<Digest>& epochs) {
  const auto ack = TRY(kept_ack(records, queue));
  const auto node = known.node_of(member);
  const auto rows =
      TRY(ledger::scan_rows(records, ledger::outbox_table, queue_prefix(queue), decode_queued, rows_max));
  for (const auto& row : rows) {
    const auto& queued = row.value;
    const auto whose = known.sealing.find(queued.delivery.to);
    const bool for_it = whose == known.sealing.end() ? queue == node : whose->second == node;
    if (queued.at < since || !for_it) continue;
    if (queued.delivery.kind == ItemKind::epoch_key) epochs.insert(queued.delivery.digest);
    if (queued.object.empty()) continue;
    out.begin_object();
    out.member("object", queued.object);
    out.member("statement", queued.statement.hex());
    out.member("at", to_text(queued.at));
    out.member("acknowledged", queued.delivery.number <= ack.last);
    out.end_object();
  }
  return {};
}

Done write_received(model::JsonWriter& out,
                    store::Records& records,
                    const Known& known,
                    const OrganisationId& member,
                    Timestamp since) {
  std::set<Digest> epochs;
  out.key("received");
  out.begin_array();
  for (const auto& queue : queues_to(known, member))
    TRY(write_from_queue(out, records, known, queue, member, since, epochs));
  out.end_array();
  out.key("keys");
  out.begin_array();
  for (const auto& epoch : epochs) out.value(epoch.hex());
  out.end_array();
  return {};
}

}  // namespace

Done write_impact(model::JsonWriter& out,
                  Federation& federation,
                  const OrganisationId& member,
                  Timestamp since) {
  auto& store = federation.services().store;
  auto& records = store.records();
  const auto home = federation.options().home;
  auto subject = TRY(ledger::subject_of(records, home));
  const auto scope = policy::Scope::of(std::move(subject));
  out.begin_object();
  out.member("member", member.text());
  out.member("since", to_text(since));
  TRY(write_received(out, records, *federation.known(), member, since));
  out.key("taken");
  out.begin_array();
  const auto rows =
      TRY(ledger::scan_rows(records, ledger::statement_table, taken_prefix(member), decode_taken, rows_max));
  for (const auto& row : rows) {
    const auto& taken = row.value;
    if (taken.at < since || !taken.object) continue;
    const auto seen = TRY(seen_here(records, home, *taken.object));
    out.begin_object();
    out.member("object", taken.object->text());
    out.member("at", to_text(taken.at));
    out.member("held", store.objects().get(scope, *taken.object).has_value());
    out.member("seen_here", seen);
    out.end_object();
  }
  out.end_array();
  out.end_object();
  return {};
}

Result<std::uint64_t> remove_what_it_sent(Federation& federation, const OrganisationId& member) {
  auto& store = federation.services().store;
  store::Query query;
  query.sources = {{policy::Source::Kind::member, member.uuid}};
  query.select = store::VersionSelect::all;
  auto subject = TRY(ledger::subject_of(store.records(), federation.options().home));
  const auto removed = TRY(store.objects().remove(policy::Scope::of(std::move(subject)), query));
  return std::uint64_t{removed};
}

Done recall_object(Federation& federation, const model::ObjectId& object) {
  auto& store = federation.services().store;
  while (TRY(federation.release())) {  // also what was put a moment ago
  }
  const auto releases = TRY(own_releases(store.records(), object));
  if (releases.empty()) return fail(ErrorCode::not_found, "{} was released to no alliance", object.text());
  store::Query query;
  query.ids = {object};
  query.select = store::VersionSelect::all;
  query.sources = {{policy::Source::Kind::own, federation.options().home.uuid}};
  for (const auto& release : releases)
    if (release.collection) query.collections.push_back(*release.collection);
  auto subject = TRY(ledger::subject_of(store.records(), federation.options().home));
  TRY(store.objects().remove(policy::Scope::of(std::move(subject)), query));
  while (TRY(federation.release())) {
  }
  return {};
}

namespace {

/// How far the newest statement of a release came to one of those it was for, in a word for people.
Result<std::string_view> state_of(store::Records& records,
                                  const Known& known,
                                  const OwnRelease& release,
                                  const Recipient& recipient) {
  if (!release.recalled && !recipient.has_lost) return "not recalled yet";
  const auto node = known.node_of(recipient.organisation);
  const auto fate_word = [](Fate fate) { return fate == Fate::recalled ? "confirmed" : "refused"; };
  const auto last = TRY(policy::decode_statement(release.statement.statement));
  const auto hop = known.next_hop(recipient.organisation, last.alliance);
  const auto statement = policy::statement_digest(release.statement.statement);
  if (const auto row = records.read(ledger::outbox_table, relayed_receipt_key(statement, node))) {
    const auto told = TRY(decode_signed_receipt(row->value));
    return fate_word(told.receipt.fate);
  }
  if (const auto row = records.read(ledger::outbox_table, receipt_key(hop, recipient.number))) {
    const auto told = TRY(decode_ack(row->value));
    return fate_word(told.receipts.front().fate);
  }
  const auto ack = TRY(kept_ack(records, hop));
  if (ack.last < recipient.number)  // what went by file is acknowledged by nobody
    return TRY(carried_up_to(records, hop)) < recipient.number ? "waiting" : "in a file";
  return hop == node ? "acknowledged" : "with the relay";
}

}  // namespace

Done write_recall(model::JsonWriter& out, Federation& federation, const model::ObjectId& object) {
  auto& records = federation.services().store.records();
  const auto releases = TRY(own_releases(records, object));
  out.begin_object();
  out.member("object", object.text());
  out.key("recipients");
  out.begin_array();
  for (const auto& release : releases)
    for (const auto& recipient : release.recipients) {
      const auto state = TRY(state_of(records, *federation.known(), release, recipient));
      const auto* const member = federation.known()->member(recipient.organisation);
      out.begin_object();
      out.member("member", recipient.organisation.text());
      out.member("name", member == nullptr ? "" : member->name);
      out.member("state", state);
      out.end_object();
    }
  out.end_array();
  out.end_object();
  return {};
}

}  // namespace shieldwall::exchange::federation
