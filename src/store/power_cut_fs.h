#pragma once
// Files whose unsynced writes a power cut may lose, for tests: at a chosen call it makes, in another folder,
// one of the images that the disk could hold if the power went then.

#include <atomic>
#include <map>
#include <memory>
#include <mutex>
#include <set>
#include <string>
#include <vector>

#include "base/fs.h"
#include "base/random.h"

namespace shieldwall::store {

class PowerCutFs final : public Fs {
 public:
  PowerCutFs(Fs& below, Random& random) : below_(below), random_(random) {}

  /// The power goes at the call with that number, from 1; the image appears in `folder`.
  void cut_at(std::uint64_t call, std::string folder) {
    cut_at_ = call;
    into_ = std::move(folder);
  }
  std::uint64_t calls() const { return calls_; }
  bool is_cut() const { return cut_; }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Result<std::unique_ptr<File>> open_exclusively(const std::string& path) override {
    return below_.open_exclusively(path);
  }
  Done rename(const std::string& from, const std::string& to) override { return below_.rename(from, to); }
  Done remove(const std::string& path) override;
  Result<bool> exists(const std::string& path) override { return below_.exists(path); }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    return below_.list(directory);
  }
  Done make_directory(const std::string& path) override { return below_.make_directory(path); }
  Done sync_directory(const std::string& path) override;

  /// A write or a cut to `size` that has not been synced.
  struct Pending {
    std::uint64_t offset = 0;
    std::string bytes{};
    bool truncates = false;
  };
  Done wrote(const std::string& path, Pending change);
  Done synced(const std::string& path);

 private:
  struct Disk {
    std::string durable{};
    std::vector<Pending> pending{};
    bool name_is_durable = false;
    bool removed = false;  // until the folder is synced it may come back
  };
  Done count_call();
  Done make_image();
  std::string image_of(const Disk& disk);

  Fs& below_;
  Random& random_;
  std::mutex mutex_;
  std::map<std::string, Disk> disks_;
  std::uint64_t cut_at_ = 0;
  std::string into_;
  std::uint64_t calls_ = 0;
  std::atomic<bool> cut_ = false;
};

}  // namespace shieldwall::store
