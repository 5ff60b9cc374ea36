#include "exchange/federation/sets.h"

#include <algorithm>
#include <set>

#include "exchange/federation/book.h"
#include "ledger/alliance.h"
#include "policy/byte_form.h"
#include "policy/membership.h"
#include "store/each_record.h"

namespace shieldwall::exchange::federation {

namespace {

using policy::ByteReader;
using policy::ByteWriter;
using reconcile::Element;

constexpr std::uint8_t form_version = 1;
constexpr std::size_t entry_bytes = 25;
constexpr std::size_t group_members_max = 20'000;
constexpr std::size_t packed_entries = 4'096;  // 100 KB a row
constexpr int new_rows_max = 512;              // before they are packed
constexpr int packed_at_once = 32;             // rows in memory while a set is read: 3 MB
constexpr int new_at_once = 256;
constexpr int built_at_once = 500;
constexpr std::string_view built_key = "set/built";

std::string prefix_of(SetKind kind, std::string_view part) {
  return fmt::format("set/{}/{}/", kind == SetKind::sent ? "sent" : "taken", part);
}

std::string group_key(const Digest& group) {
  return "set/group/" + group.hex();
}

Result<std::vector<OrganisationId>> decode_group(std::string_view row) {
  ByteReader in(row, "group of a set");
  const auto count = TRY(in.count(group_members_max, sizeof(Uuid::bytes)));
  std::vector<OrganisationId> group(count);
  for (auto& one : group) one.uuid = TRY(in.uuid());
  TRY(in.finish());
  return group;
}

Result<bool> exists(store::Records& records, std::string_view key) {
  const auto row = records.read(ledger::statement_table, key);
  if (!row && row.error().code != ErrorCode::not_found) return fail(row.error());
  return row.has_value();
}

store::Write put(std::string key, Bytes value) {
  return {.table = ledger::statement_table,
          .key = std::move(key),
          .value = std::move(value),
          .expected = std::nullopt};
}

/// Sorted, without what came in and went out again.
std::vector<SetEntry> settled(std::vector<SetEntry> entries) {
  std::ranges::sort(entries);
  std::vector<SetEntry> left;
  for (std::size_t i = 0, end = 0; i < entries.size(); i = end) {
    int sum = 0;
    for (end = i; end < entries.size() && entries[end].element == entries[i].element; ++end)
      sum += entries[end].sign;
    for (; sum > 0; --sum) left.push_back({entries[i].element, 1});
    for (; sum < 0; ++sum) left.push_back({entries[i].element, -1});
  }
  return left;
}

/// The rows of what was packed: at most so many entries each.
std::vector<Bytes> packed_rows(std::map<Digest, std::vector<SetEntry>> groups) {
  std::vector<Bytes> rows;
  std::vector<SetGroup> row;
  std::size_t room = packed_entries;
  const auto close = [&] {
    if (!row.empty()) rows.push_back(encode_set_row(row));
    row.clear();
    room = packed_entries;
  };
  for (auto& [group, all] : groups) {
    const auto entries = settled(std::move(all));
    for (std::size_t from = 0; from < entries.size();) {
      const auto count = std::min(room, entries.size() - from);
      const auto part = std::span(entries).subspan(from, count);
      row.push_back({group, {part.begin(), part.end()}});
      from += count;
      room -= count;
      if (room == 0) close();
    }
  }
  close();
  return rows;
}

class Builder {
 public:
  Builder(store::Records& records, Timestamp now, Random& random)
      : records_(records), now_(now), random_(random) {}

  Done run() {
    const auto own = [&](const store::Record& row) { return add_own(row); };
    TRY(store::each_record(records_, ledger::statement_table, "own/", built_at_once, own));
    const auto in = [&](const store::Record& row) { return add_taken(row); };
    TRY(store::each_record(records_, ledger::statement_table, "in/", built_at_once, in));
    writes_.push_back(put(std::string(built_key), "1"));
    return flush(true);
  }

 private:
  Done add_own(const store::Record& row) {
    const auto release = TRY(decode_own_release(row.value));
    const auto statement = TRY(policy::decode_statement(release.statement.statement));
    std::vector<OrganisationId> group;
    for (const auto& one : release.recipients) group.push_back(one.organisation);
    sent_.add(std::move(group), element_of(statement, release.statement.statement));
    writes_.push_back(write_of_release(statement.release, release.object));
    return flush(false);
  }
  Done add_taken(const store::Record& row) {
    const auto taken = TRY(decode_taken(row.value));
    const auto statement = TRY(policy::decode_statement(taken.statement.statement));
    taken_.add({statement.origin}, element_of(statement, taken.statement.statement));
    return flush(false);
  }
  Done flush(bool all) {
    if (!all && ++held_ < packed_entries) return {};
    held_ = 0;
    for (auto* const set : {&sent_, &taken_}) {
      auto rows = TRY(set->take(records_, now_, random_));
      std::ranges::move(rows, std::back_inserter(writes_));
    }
    TRY(records_.write(std::exchange(writes_, {})));
    return {};
  }

  store::Records& records_;
  Timestamp now_;
  Random& random_;
  SetBatch sent_{SetKind::sent};
  SetBatch taken_{SetKind::taken};
  std::vector<store::Write> writes_;
  std::size_t held_ = 0;
};

}  // namespace

Element element_of(const policy::ReleaseId& release, const Digest& statement) {
  Element element;
  std::ranges::copy(release.uuid.bytes, element.bytes.begin());
  std::copy_n(statement.bytes.begin(), 8, element.bytes.begin() + 16);
  return element;
}

Element element_of(const policy::Statement& statement, std::string_view statement_bytes) {
  return element_of(statement.release, policy::statement_digest(statement_bytes));
}

policy::ReleaseId release_of(const Element& element) {
  policy::ReleaseId release;
  std::copy_n(element.bytes.begin(), 16, release.uuid.bytes.begin());
  return release;
}

void SetBatch::add(std::vector<OrganisationId> group, const Element& element, std::int8_t sign) {
  std::ranges::sort(group);
  groups_[std::move(group)].push_back({element, sign});
}

Result<std::vector<store::Write>> SetBatch::take(store::Records& records, Timestamp now, Random& random) {
  std::vector<store::Write> writes;
  if (groups_.empty()) return writes;
  std::vector<SetGroup> row;
  for (auto& [group, entries] : std::exchange(groups_, {})) {
    const auto digest = policy::audience_digest(group);
    if (!TRY(exists(records, group_key(digest)))) {
      ByteWriter out;
      out.list(group, [](ByteWriter& to, const OrganisationId& one) { to.uuid(one.uuid); });
      writes.push_back(put(group_key(digest), std::move(out).take()));
    }
    row.push_back({digest, std::move(entries)});
  }
  // No two steps use one key, and sets have no order: so nobody waits for anybody here.
  writes.push_back(put(fmt::format("{}{:016x}-{:016x}", prefix_of(kind_, "new"), now.us, random.next()),
                       encode_set_row(row)));
  return writes;
}

Done each_entry(store::Records& records,
                SetKind kind,
                const std::function<bool(const OrganisationId&)>& concerns,
                const std::function<void(const SetEntry&)>& visit) {
  std::map<Digest, bool> asked;
  const auto is_in = [&](const Digest& digest) -> Result<bool> {
    if (const auto found = asked.find(digest); found != asked.end()) return found->second;
    const auto row = TRY(records.read(ledger::statement_table, group_key(digest)));
    const auto group = TRY(decode_group(row.value));
    return asked.emplace(digest, std::ranges::any_of(group, concerns)).first->second;
  };
  const auto read = [&](const store::Record& row) -> Done {
    const auto groups = TRY(decode_set_row(row.value));
    for (const auto& group : groups)
      if (TRY(is_in(group.group)))
        for (const auto& entry : group.entries) visit(entry);
    return {};
  };
  TRY(store::each_record(records, ledger::statement_table, prefix_of(kind, "new"), new_at_once, read));
  return store::each_record(
      records, ledger::statement_table, prefix_of(kind, "packed"), packed_at_once, read);
}

Done pack(store::Records& records, SetKind kind) {
  const auto rows = TRY(records.scan(ledger::statement_table, prefix_of(kind, "new"), "", new_rows_max));
  if (rows.size() < static_cast<std::size_t>(new_rows_max)) return {};
  std::map<Digest, std::vector<SetEntry>> groups;
  std::vector<store::Write> writes;
  for (const auto& row : rows) {
    for (auto& group : TRY(decode_set_row(row.value)))
      std::ranges::move(group.entries, std::back_inserter(groups[group.group]));
    writes.push_back(
        {.table = ledger::statement_table, .key = row.key, .value = std::nullopt, .expected = row.revision});
  }
  const auto name = rows.front().key.substr(prefix_of(kind, "new").size());
  std::size_t number = 0;
  for (auto& row : packed_rows(std::move(groups)))
    writes.push_back(
        put(fmt::format("{}{}-{:04}", prefix_of(kind, "packed"), name, number++), std::move(row)));
  return records.write(writes);
}

store::Write write_of_release(const policy::ReleaseId& release, const model::ObjectId& object) {
  return put("release/" + release.text(), object.text());
}

Result<model::ObjectId> object_of_release(store::Records& records, const policy::ReleaseId& release) {
  const auto row = TRY(records.read(ledger::statement_table, "release/" + release.text()));
  return model::ObjectId::parse(row.value);
}

Done build_sets(store::Records& records, Timestamp now, Random& random) {
  if (TRY(exists(records, built_key))) return {};
  return Builder(records, now, random).run();
}

Bytes encode_set_row(const std::vector<SetGroup>& groups) {
  ByteWriter out;
  out.number(form_version);
  out.list(groups, [](ByteWriter& to, const SetGroup& group) {
    to.digest(group.group);
    to.list(group.entries, [](ByteWriter& each, const SetEntry& entry) {
      each.raw(entry.element.view());
      each.number(static_cast<std::uint8_t>(entry.sign > 0 ? 1 : 2));
    });
  });
  return std::move(out).take();
}

Result<std::vector<SetGroup>> decode_set_row(std::string_view row) {
  ByteReader in(row, "part of a set");
  if (TRY(in.number<std::uint8_t>()) != form_version)
    return in.refuse("a version this program does not know");
  const auto size = TRY(in.count(row.size(), sizeof(Digest::bytes) + 4));
  std::vector<SetGroup> groups(size);
  for (auto& group : groups) {
    group.group = TRY(in.digest());
    const auto count = TRY(in.count(row.size(), entry_bytes));
    const auto bytes = TRY(in.raw(count * entry_bytes));
    group.entries.resize(count);
    for (std::size_t i = 0; i < count; ++i) {
      const auto entry = bytes.substr(i * entry_bytes, entry_bytes);
      std::copy_n(entry.begin(), 24, group.entries[i].element.bytes.begin());
      if (entry.back() != 1 && entry.back() != 2) return in.refuse("neither in (1) nor out (2)");
      group.entries[i].sign = entry.back() == 1 ? std::int8_t{1} : std::int8_t{-1};
    }
  }
  TRY(in.finish());
  return groups;
}

}  // namespace shieldwall::exchange::federation
