#include "store/fault_fs.h"

namespace shieldwall::store {

namespace {

class FaultFile final : public File {
 public:
  FaultFile(FaultFs& fs, std::unique_ptr<File> below) : fs_(fs), below_(std::move(below)) {}

  Result<Bytes> read_at(std::uint64_t offset, std::size_t size) override {
    TRY(fs_.pass(FaultFs::Call::other));
    return below_->read_at(offset, size);
  }
  Done write_at(std::uint64_t offset, std::string_view bytes) override {
    auto passed = fs_.pass(FaultFs::Call::write);
    if (passed) return below_->write_at(offset, bytes);
    if (fs_.cuts_writes()) TRY(below_->write_at(offset, bytes.substr(0, bytes.size() / 2)));
    return passed;
  }
  Done truncate(std::uint64_t size) override {
    TRY(fs_.pass(FaultFs::Call::other));
    return below_->truncate(size);
  }
  Result<std::uint64_t> size() override {
    TRY(fs_.pass(FaultFs::Call::other));
    return below_->size();
  }
  Done sync() override {
    TRY(fs_.pass(FaultFs::Call::sync));
    return below_->sync();
  }

 private:
  FaultFs& fs_;
  std::unique_ptr<File> below_;
};

}  // namespace

Result<std::unique_ptr<File>> FaultFs::open(const std::string& path, OpenMode mode) {
  TRY(pass(Call::other));
  auto below = TRY(below_.open(path, mode));
  return std::make_unique<FaultFile>(*this, std::move(below));
}

}  // namespace shieldwall::store
