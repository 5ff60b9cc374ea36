#include "store/power_cut_fs.h"

#include <utility>

namespace shieldwall::store {

namespace {

class CutFile final : public File {
 public:
  CutFile(PowerCutFs& fs, std::string path, std::unique_ptr<File> below)
      : fs_(fs), path_(std::move(path)), below_(std::move(below)) {}

  Result<Bytes> read_at(std::uint64_t offset, std::size_t size) override {
    return below_->read_at(offset, size);
  }
  Done write_at(std::uint64_t offset, std::string_view bytes) override {
    TRY(fs_.wrote(path_, {.offset = offset, .bytes = std::string(bytes)}));
    return below_->write_at(offset, bytes);
  }
  Done truncate(std::uint64_t size) override {
    TRY(fs_.wrote(path_, {.offset = size, .truncates = true}));
    return below_->truncate(size);
  }
  Result<std::uint64_t> size() override { return below_->size(); }
  Done sync() override {
    TRY(fs_.synced(path_));
    return below_->sync();
  }

 private:
  PowerCutFs& fs_;
  std::string path_;
  std::unique_ptr<File> below_;
};

void apply(std::string& content, const PowerCutFs::Pending& change) {
  if (change.truncates) {
    content.resize(change.offset, '\0');
    return;
  }
  const auto end = change.offset + change.bytes.size();
  if (content.size() < end) content.resize(end, '\0');
  content.replace(change.offset, change.bytes.size(), change.bytes);
}

std::string name_in(const std::string& path) {
  return path.substr(path.rfind('/') + 1);
}

}  // namespace

Result<std::unique_ptr<File>> PowerCutFs::open(const std::string& path, OpenMode mode) {
  auto below = TRY(below_.open(path, mode));
  {
    const std::lock_guard lock(mutex_);
    auto& disk = disks_[path];
    if (std::exchange(disk.removed, false)) disk = {};
  }
  return std::make_unique<CutFile>(*this, path, std::move(below));
}

Done PowerCutFs::remove(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    TRY(count_call());
    disks_[path].removed = true;
  }
  return below_.remove(path);
}

Done PowerCutFs::sync_directory(const std::string& path) {
  {
    const std::lock_guard lock(mutex_);
    TRY(count_call());
    std::erase_if(disks_, [](const auto& entry) { return entry.second.removed; });
    for (auto& [name, disk] : disks_) disk.name_is_durable = true;
  }
  return below_.sync_directory(path);
}

Done PowerCutFs::wrote(const std::string& path, Pending change) {
  const std::lock_guard lock(mutex_);
  TRY(count_call());
  disks_[path].pending.push_back(std::move(change));
  return {};
}

Done PowerCutFs::synced(const std::string& path) {
  const std::lock_guard lock(mutex_);
  TRY(count_call());
  auto& disk = disks_[path];
  for (const auto& change : disk.pending) apply(disk.durable, change);
  disk.pending.clear();
  return {};
}

Done PowerCutFs::count_call() {
  if (++calls_ != cut_at_ || cut_) return {};
  cut_ = true;
  return make_image();
}

/// What is synced, and of the rest whatever the disk happened to write, in any order.
std::string PowerCutFs::image_of(const Disk& disk) {
  auto content = disk.durable;
  for (const auto& change : disk.pending)
    if (random_.below(2) == 0) apply(content, change);
  return content;
}

Done PowerCutFs::make_image() {
  for (const auto& [path, disk] : disks_) {
    const bool in_doubt = disk.removed || !disk.name_is_durable;
    if (in_doubt && random_.below(2) == 0) continue;
    const auto file = TRY(below_.open(into_ + "/" + name_in(path), OpenMode::write));
    TRY(file->write_at(0, image_of(disk)));
  }
  return {};
}

}  // namespace shieldwall::store
