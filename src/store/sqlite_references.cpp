// What a holding may name: decided against what is held when it is released.

#include "store/judge.h"
#include "store/sqlite_core.h"

namespace shieldwall::store {

namespace {

bool may_name(Transaction& transaction, const Row& row, const Row& target, Timestamp now) {
  const auto plain = [](const Row& any) {
    return !any.persons && any.embargo == Timestamp::always() && any.end == Timestamp::never();
  };
  const auto& labels = transaction.core.labels;
  const auto decide = [&] {
    return store::may_name(label_of(row, labels), holding_of(target, label_of(target, labels), now), now);
  };
  if (!plain(row) || !plain(target) || !target.parts.empty()) return decide();
  const auto [known, fresh] = transaction.may_name.try_emplace({row.label, target.label}, false);
  if (fresh) known->second = decide();
  return known->second;
}

}  // namespace

Result<std::vector<std::shared_ptr<const Row>>> standing(Transaction& transaction,
                                                         Key key,
                                                         const model::ObjectId& id) {
  std::vector<std::shared_ptr<const Row>> rows;
  const auto found = TRY(transaction.under(key));
  for (const auto sequence : found) {
    auto row = TRY(transaction.row(sequence));
    if (row->kind <= ChangeKind::opened && !row->gone && row->id == id) rows.push_back(std::move(row));
  }
  return rows;
}

Done judge_references(Transaction& transaction,
                      Row& row,
                      std::span<const model::Reference> references,
                      std::span<const Key> keys,
                      Timestamp now) {
  std::vector<model::ObjectId> hidden;
  for (std::size_t i = 0; i < references.size(); ++i) {
    const auto targets = TRY(standing(transaction, keys[i], references[i].target));
    bool named = targets.empty();
    for (const auto& target : targets) named = named || may_name(transaction, row, *target, now);
    if (!named) hidden.push_back(references[i].target);
  }
  row.removed = pointers_to(*row.bytes, hidden);
  if (row.is_redactable()) row.alias = Uuid::random(transaction.core.seams.random);
  return {};
}

}  // namespace shieldwall::store
