#pragma once
// A disk in memory whose power can be cut at the n-th call: what was not synced is then lost, or half there,
// as the seed says. For simulated nodes; one thread at a time.

#include <algorithm>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "base/fs.h"
#include "base/random.h"

namespace shieldwall::tests {

class CrashFs final : public Fs {
 public:
  /// The power goes off during that many calls from now, counted from 1; the call under way fails too.
  void cut_power_after(std::uint64_t calls) { calls_left_ = calls; }
  bool is_off() const { return off_; }
  /// Power again. Of each write since its file's last sync the seed keeps all, some sectors, or nothing; of
  /// the names that changed since the last sync of a directory it keeps the first few.
  void restart(Random& random) {
    for (auto& file : files_) settle(*file, random);
    const auto kept = random.below(pending_names_.size() + 1);
    for (std::size_t i = 0; i < kept; ++i) apply(pending_names_[i], durable_names_);
    pending_names_.clear();
    names_ = durable_names_;
    off_ = false;
    calls_left_ = 0;
    ++generation_;
  }
  /// A defect for the test of the test: syncs answer without being done.
  void lie_about_syncs() { lies_ = true; }
  std::uint64_t calls() const { return calls_; }
  /// What a power cut in the midst of a rename leaves on a disk that does not keep it whole: both names.
  void link(const std::string& path, const std::string& also) {
    for (auto* const names : {&names_, &durable_names_}) (*names)[also] = names_.at(path);
  }

  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override;
  Done rename(const std::string& from, const std::string& to) override {
    TRY(pass());
    const auto found = names_.find(from);
    if (found == names_.end()) return fail(ErrorCode::not_found, "{}: no such file", from);
    note({.name = to, .file = found->second});
    note({.name = from, .file = nullptr});
    return {};
  }
  Done remove(const std::string& path) override {
    TRY(pass());
    if (!names_.contains(path)) return fail(ErrorCode::not_found, "{}: no such file", path);
    note({.name = path, .file = nullptr});
    return {};
  }
  Result<bool> exists(const std::string& path) override {
    TRY(pass());
    return names_.contains(path) || folders_.contains(path);
  }
  Result<std::vector<std::string>> list(const std::string& directory) override {
    TRY(pass());
    std::vector<std::string> found;
    for (const auto& [name, file] : names_)
      if (name.starts_with(directory + "/") && name.find('/', directory.size() + 1) == name.npos)
        found.push_back(name.substr(directory.size() + 1));
    return found;
  }
  Done make_directory(const std::string& path) override {
    TRY(pass());
    folders_.insert(path);
    return {};
  }
  Done sync_directory(const std::string&) override {
    TRY(pass());
    if (lies_) return {};
    for (const auto& change : pending_names_) apply(change, durable_names_);
    pending_names_.clear();
    return {};
  }

 private:
  struct Change {  // of a file's bytes
    std::uint64_t offset = 0;
    Bytes bytes{};
    bool cuts = false;  // to `offset`, instead of a write
  };
  struct Content {
    Bytes now{};
    Bytes durable{};
    std::vector<Change> pending{};
  };
  struct NameChange {
    std::string name{};
    std::shared_ptr<Content> file{};  // nothing: the name goes
  };
  using Names = std::map<std::string, std::shared_ptr<Content>>;
  class Handle;

  static void apply(const Change& change, Bytes& bytes) {
    if (change.cuts) {
      bytes.resize(change.offset);
      return;
    }
    if (bytes.size() < change.offset + change.bytes.size()) bytes.resize(change.offset + change.bytes.size());
    std::ranges::copy(change.bytes, bytes.begin() + static_cast<std::ptrdiff_t>(change.offset));
  }
  static void apply(const NameChange& change, Names& names) {
    if (change.file)
      names[change.name] = change.file;
    else
      names.erase(change.name);
  }

  static void settle(Content& file, Random& random) {
    constexpr std::size_t sector_bytes = 512;
    for (auto& change : file.pending) {
      const auto fate = random.below(3);
      if (fate == 0) continue;
      if (fate == 1 && !change.cuts)
        change.bytes.resize(std::min<std::size_t>(
            change.bytes.size(), sector_bytes * random.below(1 + change.bytes.size() / sector_bytes)));
      apply(change, file.durable);
    }
    file.pending.clear();
    file.now = file.durable;
  }

  Done pass() {
    ++calls_;
    if (!off_ && calls_left_ > 0 && --calls_left_ == 0) off_ = true;
    if (off_) return fail(ErrorCode::unavailable, "the power is off");
    return {};
  }
  void note(NameChange change) {
    apply(change, names_);
    pending_names_.push_back(std::move(change));
  }

  Names names_;
  Names durable_names_;
  std::vector<NameChange> pending_names_;
  std::vector<std::shared_ptr<Content>> files_;
  std::set<std::string> folders_;
  std::uint64_t calls_ = 0;
  std::uint64_t calls_left_ = 0;  // 0: nobody will cut it
  std::uint64_t generation_ = 0;  // handles of another life are dead
  bool off_ = false;
  bool lies_ = false;
};

class CrashFs::Handle final : public File {
 public:
  Handle(CrashFs& fs, std::shared_ptr<Content> file)
      : fs_(fs), file_(std::move(file)), generation_(fs.generation_) {}

  Result<Bytes> read_at(std::uint64_t offset, std::size_t size) override {
    TRY(pass());
    if (offset >= file_->now.size()) return Bytes();
    return Bytes(file_->now.substr(offset, size));
  }
  Done write_at(std::uint64_t offset, std::string_view bytes) override {
    const bool began = !fs_.off_ && generation_ == fs_.generation_;
    const auto passed = pass();
    // The call during which the power goes off may have reached the disk; restart() decides.
    if (began) change({.offset = offset, .bytes = Bytes(bytes)});
    return passed;
  }
  Done truncate(std::uint64_t size) override {
    TRY(pass());
    change({.offset = size, .cuts = true});
    return {};
  }
  Result<std::uint64_t> size() override {
    TRY(pass());
    return std::uint64_t{file_->now.size()};
  }
  Done sync() override {
    TRY(pass());
    if (fs_.lies_) return {};
    for (const auto& one : file_->pending) apply(one, file_->durable);
    file_->pending.clear();
    return {};
  }

 private:
  Done pass() {
    if (generation_ != fs_.generation_) return fail(ErrorCode::unavailable, "the power was off");
    return fs_.pass();
  }
  void change(Change one) {
    apply(one, file_->now);
    file_->pending.push_back(std::move(one));
  }

  CrashFs& fs_;
  std::shared_ptr<Content> file_;
  std::uint64_t generation_;
};

inline Result<std::unique_ptr<File>> CrashFs::open(const std::string& path, OpenMode mode) {
  TRY(pass());
  auto found = names_.find(path);
  if (found == names_.end()) {
    if (mode == OpenMode::read) return fail(ErrorCode::not_found, "{}: no such file", path);
    const auto made = std::make_shared<Content>();
    files_.push_back(made);
    note({.name = path, .file = made});
    found = names_.find(path);
  } else if (mode == OpenMode::create_new) {
    return fail(ErrorCode::conflict, "{}: exists", path);
  }
  return std::make_unique<Handle>(*this, found->second);
}

}  // namespace shieldwall::tests
