#include "server/withdrawn.h"

#include "base/log.h"
#include "server/account.h"
#include "server/log_of_node.h"

namespace shieldwall::server {

namespace {

constexpr std::string_view entry_kind = "withdrawn";
constexpr std::string_view key_words = "api-key ";
constexpr std::string_view account_words = "account ";

Result<bool> remove_key(store::Records& records, std::string_view prefix) {
  const auto row = read_key(records, prefix);
  if (!row && row.error().code == ErrorCode::not_found) return false;
  if (!row) return fail(row.error());
  TRY(records.write(removal_of(*row)));
  return true;
}

Result<bool> disable_account(store::Records& records, std::string_view name) {
  const auto id = AccountId::parse(name);
  if (!id) return false;
  auto row = read_account(records, *id);
  if (!row && row.error().code == ErrorCode::not_found) return false;
  if (!row) return fail(row.error());
  if (row->value.disabled) return false;
  row->value.disabled = true;
  const auto writes = TRY(writes_of(row->value, row->revision));
  TRY(records.write(writes));
  return true;
}

Done end_sessions(store::Records& records) {
  constexpr int at_once = 500;
  for (;;) {
    const auto rows = TRY(records.scan(store::Table::session, {}, {}, at_once));
    if (rows.empty()) return {};
    std::vector<store::Write> writes;
    for (const auto& row : rows)
      writes.push_back(
          {.table = store::Table::session, .key = row.key, .value = std::nullopt, .expected = std::nullopt});
    TRY(records.write(writes));
  }
}

}  // namespace

void note_withdrawn(const api::Call& call, Withdrawn kind, std::string_view name) {
  const auto log = log_of(call);
  if (!log) return;
  const auto words = kind == Withdrawn::api_key ? key_words : account_words;
  auto entry = ledger::clear_entry(entry_kind, fmt::format("{}{}", words, name));
  auto done = Result<std::uint64_t>(0);
  if (entry) {
    const ledger::NewEntry one{.entry = std::move(*entry), .opening = {}};
    done = (*log)->append({&one, 1});
  }
  if (!entry || !done)
    log::warn("a withdrawal is not in the log: a backup of before would not know it",
              {{"why", entry ? done.error().message : entry.error().message}});
}

Result<std::size_t> withdraw_again(store::Records& records, std::span<const ledger::ClearEntry> entries) {
  std::size_t count = 0;
  for (const auto& [kind, content] : entries) {
    if (kind != entry_kind) continue;
    const std::string_view words = content;
    if (words.starts_with(key_words))
      count += TRY(remove_key(records, words.substr(key_words.size()))) ? 1 : 0;
    else if (words.starts_with(account_words))
      count += TRY(disable_account(records, words.substr(account_words.size()))) ? 1 : 0;
  }
  TRY(end_sessions(records));
  return count;
}

}  // namespace shieldwall::server
