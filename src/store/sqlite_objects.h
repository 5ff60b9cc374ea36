#pragma once
// Objects in SQLite. Taking in, finding and changing stand in files of their own.

#include "store/sqlite_core.h"
#include "store/steps.h"

namespace shieldwall::store {

class SqliteObjects final : public Objects, public Steps {
 public:
  explicit SqliteObjects(Core& core) : core_(core) {}

  // sqlite_put.cpp
  Result<std::vector<PutOutcome>> put(std::span<const NewHolding> batch, Deadline deadline) override {
    return put_along(batch, {}, deadline);
  }
  Result<std::vector<PutOutcome>> put_along(std::span<const NewHolding> batch,
                                            const Alongside& alongside,
                                            Deadline deadline) override;

  // sqlite_amend.cpp
  Done amend(std::span<const Amendment> batch) override;

  // sqlite_find.cpp
  Result<Page> find(const policy::Scope& scope,
                    const Query& query,
                    std::optional<Place> from,
                    int limit,
                    std::size_t bytes_max,
                    Deadline deadline) override;
  Result<Page> find_met(const policy::Scope& scope,
                        const PastRights& pasts,
                        const Query& query,
                        std::optional<Place> from,
                        int limit,
                        std::size_t bytes_max,
                        Deadline deadline) override;
  Result<policy::Holding> get(const policy::Scope& scope, const model::ObjectId& id) override;
  Result<std::vector<VersionEntry>> versions(const policy::Scope& scope,
                                             const model::ObjectId& id,
                                             std::optional<CircleId> collection) override;
  Result<std::size_t> count(const policy::Scope& scope, const Query& query, std::size_t most) override {
    return count_until(scope, query, most, Deadline::none());
  }
  Result<std::size_t> count_until(const policy::Scope& scope,
                                  const Query& query,
                                  std::size_t most,
                                  Deadline deadline) override;

  // sqlite_changes.cpp
  Result<std::size_t> remove(const policy::Scope& scope, const Query& query) override {
    return remove_until(scope, query, Deadline::none());
  }
  Result<std::size_t> remove_until(const policy::Scope& scope,
                                   const Query& query,
                                   Deadline deadline) override;
  Result<Timestamp> claim_instant() override;
  Result<Changes> changes(const policy::Scope& scope, Sequence after, int limit) override;
  Sequence newest() const override { return core_.state()->last; }
  Result<Timestamp> advance(Timestamp now) override;

  std::size_t text_lag() const override { return core_.text_lag; }
  Result<bool> tend(Duration budget) override { return tend_store(core_, budget); }

 private:
  Core& core_;
};

}  // namespace shieldwall::store
