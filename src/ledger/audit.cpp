#include "ledger/audit.h"

#include <algorithm>

#include "api/fields.h"
#include "base/text.h"
#include "ledger/audit_entry.h"
#include "model/json_writer.h"

namespace shieldwall::ledger {

namespace {

constexpr std::size_t fact_bytes_max = 512;  // an entry is a line to read, whatever a caller named something

Bytes encode(const OrganisationId& organisation,
             const AccountId& account,
             std::string_view name,
             std::string_view event,
             std::span<const log::Fact> facts) {
  model::JsonWriter out;
  out.begin_object();
  out.member("organisation", organisation.text());
  out.member("account", account.text());
  out.member("name", excerpt(name, fact_bytes_max));
  out.member("event", event);
  out.key("facts");
  out.begin_object();
  for (const auto& fact : facts) out.member(fact.name, excerpt(fact.value, fact_bytes_max));
  out.end_object();
  out.end_object();
  return std::move(out).text();
}

Result<AuditEntry> decode(const store::LogEntry& logged) {
  const auto document = TRY(model::JsonDocument::parse(logged.entry));
  auto fields = TRY(api::Fields::of(document.root(), "audit entry"));
  AuditEntry entry{.index = logged.index, .at = logged.at};
  if (!document.root().find("organisation")) {  // of the store, which knows no organisations
    entry.name = "store";
    entry.event = TRY(fields.text("event"));
    const auto reason = TRY(fields.optional_text("reason"));
    entry.facts.emplace_back("reason", reason.value_or(""));
    return entry;
  }
  entry.organisation = TRY(fields.parsed<OrganisationId>("organisation"));
  entry.account = TRY(fields.parsed<AccountId>("account"));
  entry.name = TRY(fields.text("name"));
  entry.event = TRY(fields.text("event"));
  if (const auto facts = fields.any("facts"))
    for (const auto fact : *facts) entry.facts.emplace_back(fact.key(), fact.string());
  return entry;
}

Done append(store::Store& store, Bytes entry) {
  const Bytes entries[] = {std::move(entry)};
  TRY(store.audit().append(entries));
  return {};
}

}  // namespace

std::vector<Bytes> put_entry(const api::Caller& caller,
                             const std::optional<CircleId>& circle,
                             std::span<const store::NewHolding> batch,
                             std::span<const store::PutOutcome> outcomes) {
  const auto is_stored = [](const store::PutOutcome& outcome) {
    return outcome.status == store::PutStatus::stored;
  };
  const auto first = std::ranges::find_if(outcomes, is_stored);
  if (first == outcomes.end()) return {};
  const auto& object = batch[static_cast<std::size_t>(first - outcomes.begin())].object;
  const log::Fact facts[] = {{"stored", std::ranges::count_if(outcomes, is_stored)},
                             {"circle", circle ? circle->text() : "none"},
                             {"first", object.id.text()}};
  return {encode(caller.organisation, caller.account, caller.name, "object.put", facts)};
}

Done audit(store::Store& store,
           const api::Caller& caller,
           std::string_view event,
           std::span<const log::Fact> facts) {
  return append(store, encode(caller.organisation, caller.account, caller.name, event, facts));
}

Done audit(store::Store& store,
           const api::Caller& caller,
           std::string_view event,
           std::initializer_list<log::Fact> facts) {
  return audit(store, caller, event, std::span(facts.begin(), facts.size()));
}

Done audit_node(store::Store& store,
                const OrganisationId& organisation,
                std::string_view event,
                std::initializer_list<log::Fact> facts) {
  return append(store, encode(organisation, {}, "node", event, std::span(facts.begin(), facts.size())));
}

Done change(store::Store& store,
            const api::Caller& caller,
            std::string_view event,
            std::initializer_list<log::Fact> facts,
            std::span<const store::Write> writes) {
  TRY(audit(store, caller, event, facts));
  auto done = store.records().write(writes);
  if (!done) TRY(audit(store, caller, fmt::format("{}.failed", event), facts));
  return done;
}

Result<AuditPage> read_audit(
    store::Log& log, const OrganisationId& organisation, std::uint64_t from, int limit, Also also) {
  constexpr int looked_at_max = 10'000;  // entries of others passed over in one call
  AuditPage page{.next = from};
  for (int looked_at = 0; looked_at < looked_at_max;) {
    const auto entries = TRY(log.read(page.next, 500));
    if (entries.empty()) return page;
    for (const auto& logged : entries) {
      if (page.entries.size() == static_cast<std::size_t>(limit)) {
        page.more = true;
        return page;
      }
      auto entry = decode(logged);
      if (!entry) return fail(ErrorCode::corrupt, "audit entry {}: {}", logged.index, entry.error().message);
      page.next = logged.index + 1;
      ++looked_at;
      const bool of_store = entry->organisation.is_nil() && also == Also::the_stores_own;
      if (entry->organisation == organisation || of_store) page.entries.push_back(std::move(*entry));
    }
  }
  page.more = true;
  return page;
}

}  // namespace shieldwall::ledger
