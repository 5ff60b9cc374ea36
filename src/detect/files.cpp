#include "detect/files.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "wire/compression.h"

namespace shieldwall::detect {

namespace {

namespace fs = std::filesystem;

std::unexpected<Error> io_error(const std::string& path, int code) {
  const auto kind = code == ENOENT || code == ENOTDIR ? ErrorCode::not_found
                    : code == EACCES || code == EPERM ? ErrorCode::denied
                                                      : ErrorCode::unavailable;
  return fail(kind, "{}: {}", path, std::strerror(code));
}

/// A descriptor read from front to back: also pipes and devices, which have no offsets.
class DescriptorReader final : public wire::ByteReader {
 public:
  DescriptorReader(std::string path, int fd, std::atomic<std::uint64_t>* counted)
      : path_(std::move(path)), fd_(fd), counted_(counted) {}
  ~DescriptorReader() override {
    if (fd_ != STDIN_FILENO) ::close(fd_);
  }
  DescriptorReader(const DescriptorReader&) = delete;
  DescriptorReader& operator=(const DescriptorReader&) = delete;

  Result<std::size_t> read(std::span<char> into) override {
    for (;;) {
      const auto size = ::read(fd_, into.data(), into.size());
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return io_error(path_, errno);
      if (counted_ != nullptr) *counted_ += static_cast<std::uint64_t>(size);
      return static_cast<std::size_t>(size);
    }
  }

 private:
  std::string path_;
  int fd_;
  std::atomic<std::uint64_t>* counted_;
};

/// A file and what unpacks it. The first bytes are looked at to choose, and given again.
class UnpackedFile final : public wire::ByteReader {
 public:
  explicit UnpackedFile(std::unique_ptr<wire::ByteReader> file) : again_(std::move(file)) {}

  Done choose() {
    switch (wire::compression_of(TRY(again_.beginning()))) {
      case wire::Compression::none:
        break;
      case wire::Compression::gzip:
        unpacking_ = wire::gzip_reader(again_);
        break;
      case wire::Compression::zstd:
        unpacking_ = wire::zstd_reader(again_);
        break;
      case wire::Compression::xz:
        unpacking_ = wire::xz_reader(again_);
        break;
    }
    return {};
  }

  bool is_packed() const { return unpacking_ != nullptr; }

  Result<std::size_t> read(std::span<char> into) override {
    return unpacking_ ? unpacking_->read(into) : again_.read(into);
  }

 private:
  class Again final : public wire::ByteReader {
   public:
    explicit Again(std::unique_ptr<wire::ByteReader> file) : file_(std::move(file)) {}

    Result<std::string_view> beginning() {
      while (size_ < first_.size()) {
        const auto more = TRY(file_->read(std::span(first_).subspan(size_)));
        if (more == 0) break;
        size_ += more;
      }
      return std::string_view(first_.data(), size_);
    }

    Result<std::size_t> read(std::span<char> into) override {
      if (given_ == size_) return file_->read(into);
      const auto size = std::min(into.size(), size_ - given_);
      std::memcpy(into.data(), first_.data() + given_, size);
      given_ += size;
      return size;
    }

   private:
    std::unique_ptr<wire::ByteReader> file_;
    std::array<char, 6> first_{};
    std::size_t size_ = 0, given_ = 0;
  };

  Again again_;
  std::unique_ptr<wire::ByteReader> unpacking_;
};

Result<int> descriptor_of(const std::string& path) {
  const int fd = path == "-" ? STDIN_FILENO : ::open(path.c_str(), O_RDONLY | O_CLOEXEC);
  if (fd < 0) return io_error(path, errno);
  return fd;
}

/// The files below a folder, and the folders that cannot be listed: opening those says why, in their place.
void add_folder(const std::string& path, std::vector<InputFile>& found) {
  std::error_code error;
  fs::directory_iterator entries(path, error);
  for (; !error && entries != fs::directory_iterator(); entries.increment(error)) {
    std::error_code ignored;  // a link that leads nowhere is no log
    if (entries->is_directory(ignored) && !entries->is_symlink(ignored)) {
      add_folder(entries->path().string(), found);
    } else if (entries->is_regular_file(ignored)) {
      const auto size = entries->file_size(ignored);
      found.push_back({.path = entries->path().string(), .bytes = ignored ? 0 : size});
    }
  }
  if (error) found.push_back({.path = path});
}

}  // namespace

Result<std::vector<InputFile>> find_files(std::span<const std::string> paths) {
  std::vector<InputFile> files;
  for (const auto& path : paths) {
    struct stat status {};
    if (path == "-") {
      files.push_back({.path = path, .is_stream = true});
    } else if (::stat(path.c_str(), &status) != 0) {
      return io_error(path, errno);
    } else if (S_ISDIR(status.st_mode)) {
      std::vector<InputFile> found;
      add_folder(path, found);
      std::ranges::sort(found, {}, &InputFile::path);
      files.insert(files.end(), found.begin(), found.end());
    } else {
      const bool is_file = S_ISREG(status.st_mode);
      files.push_back({.path = path,
                       .bytes = is_file ? static_cast<std::uint64_t>(status.st_size) : 0,
                       .is_stream = !is_file});
    }
  }
  return files;
}

Result<std::unique_ptr<wire::ByteReader>> open_unpacked(const std::string& path,
                                                        std::atomic<std::uint64_t>* packed_bytes) {
  const int fd = TRY(descriptor_of(path));
  auto file = std::make_unique<UnpackedFile>(std::make_unique<DescriptorReader>(path, fd, packed_bytes));
  TRY(file->choose());
  return std::unique_ptr<wire::ByteReader>(std::move(file));
}

Result<OpenedStream> open_stream(const std::string& path, std::atomic<std::uint64_t>& packed_bytes) {
  const int fd = TRY(descriptor_of(path));
  auto file = std::make_unique<UnpackedFile>(std::make_unique<DescriptorReader>(path, fd, &packed_bytes));
  TRY(file->choose());
  const int asked = file->is_packed() ? -1 : fd;
  return OpenedStream{.bytes = std::move(file), .descriptor = asked};
}

}  // namespace shieldwall::detect
