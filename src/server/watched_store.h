#pragma once
// A store that counts the writes to each table, so that what was derived from rows is dropped when they
// change, whichever room changed them.

#include <array>
#include <atomic>
#include <memory>

#include "store/whole.h"

namespace shieldwall::server {

class WatchedStore final : public store::Store, public store::Whole {
 public:
  explicit WatchedStore(std::unique_ptr<store::Store> inner) : inner_(std::move(inner)), records_(*inner_) {}

  /// Grows after each write to the table; read it before reading rows.
  std::uint64_t writes_to(store::Table table) const { return records_.writes_to(table); }

  store::Objects& objects() override { return inner_->objects(); }
  store::Records& records() override { return records_; }
  store::Blobs& blobs() override { return inner_->blobs(); }
  store::Settings& settings() override { return inner_->settings(); }
  store::Log& audit() override { return inner_->audit(); }
  Done backup(const std::string& path) override { return inner_->backup(path); }
  Result<std::vector<std::string>> check() override { return inner_->check(); }
  Done back_up_until(const std::string& path, Deadline deadline) override {
    return store::back_up(*inner_, path, deadline);
  }
  Result<std::vector<std::string>> check_until(Deadline deadline) override {
    return store::check(*inner_, deadline);
  }

 private:
  class WatchedRecords final : public store::Records {
   public:
    explicit WatchedRecords(store::Store& inner) : inner_(inner.records()) {}

    std::uint64_t writes_to(store::Table table) const { return counts_.at(static_cast<std::size_t>(table)); }

    Done write(std::span<const store::Write> batch) override {
      auto done = inner_.write(batch);
      // Also after a failure: it may have come after the rows were changed.
      for (const auto& write : batch) ++counts_.at(static_cast<std::size_t>(write.table));
      return done;
    }
    Result<store::Record> read(store::Table table, std::string_view key) override {
      return inner_.read(table, key);
    }
    Result<std::vector<store::Record>> scan(store::Table table,
                                            std::string_view prefix,
                                            std::string_view after,
                                            int limit) override {
      return inner_.scan(table, prefix, after, limit);
    }
    Result<bool> expire(Timestamp now) override { return inner_.expire(now); }

   private:
    store::Records& inner_;
    std::array<std::atomic<std::uint64_t>, 256> counts_{};
  };

  std::unique_ptr<store::Store> inner_;
  WatchedRecords records_;
};

}  // namespace shieldwall::server
