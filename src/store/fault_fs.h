#pragma once
// Files that fail on command, for tests: the n-th call answers with an error, and does nothing or half of its
// work.

#include <atomic>
#include <functional>
#include <memory>
#include <utility>

#include "base/fs.h"

namespace shieldwall::store {

enum class Fault : std::uint8_t { io_error, disk_full, short_write, failed_sync };

class FaultFs final : public Fs {
 public:
  explicit FaultFs(Fs& below) : below_(below) {}

  /// The call with that number, from 1, fails in this way if it is of the kind that can.
  void arm(std::uint64_t call, Fault fault) {
    fault_ = fault;
    fails_at_ = call;
    calls_ = 0;
  }
  /// Called before each sync, on its thread. Set before the files are used.
  void before_sync(std::function<void()> hook) { before_sync_ = std::move(hook); }
  std::uint64_t calls() const { return calls_; }
  std::uint64_t syncs() const { return syncs_; }

  enum class Call : std::uint8_t { other, write, sync };
  /// Counts a call; the error it is to answer with, if any.
  Done pass(Call call) {
    if (call == Call::sync) {
      ++syncs_;
      if (before_sync_) before_sync_();
    }
    if (++calls_ != fails_at_) return {};
    const bool writes = fault_ == Fault::disk_full || fault_ == Fault::short_write;
    if (writes && call != Call::write) return {};
    if (fault_ == Fault::failed_sync && call != Call::sync) return {};
    return writes ? Done(fail(ErrorCode::exhausted, "no space left (injected)"))
                  : Done(fail(ErrorCode::unavailable, "input/output error (injected)"));
  }
  bool cuts_writes() const { return fault_ == Fault::short_write; }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::unique_ptr<File>> open_exclusively(const std::string& path) override {
    return below_.open_exclusively(path);
  }
  Done rename(const std::string& from, const std::string& to) override {
    TRY(pass(Call::other));
    return below_.rename(from, to);
  }
  Done remove(const std::string& path) override {
    TRY(pass(Call::other));
    return below_.remove(path);
  }
  Result<bool> exists(const std::string& path) override {
    TRY(pass(Call::other));
    return below_.exists(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return below_.list(directory);
  }
  Done make_directory(const std::string& path) override { return below_.make_directory(path); }
  Done sync_directory(const std::string& path) override {
    TRY(pass(Call::sync));
    return below_.sync_directory(path);
  }

 private:
  Fs& below_;
  Fault fault_ = Fault::io_error;
  std::function<void()> before_sync_;
  std::uint64_t fails_at_ = 0;
  std::atomic<std::uint64_t> calls_ = 0;
  std::atomic<std::uint64_t> syncs_ = 0;
};

}  // namespace shieldwall::store
