#include "base/fs.h"

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <filesystem>

#include <dirent.h>
#include <fcntl.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

namespace shieldwall {

namespace {

std::unexpected<Error> io_error(std::string_view what, const std::string& path, int number) {
  const auto code = number == ENOENT                                           ? ErrorCode::not_found
                    : number == EEXIST                                         ? ErrorCode::conflict
                    : number == EACCES || number == EPERM || number == EROFS   ? ErrorCode::denied
                    : number == ENOSPC || number == EDQUOT || number == EMFILE ? ErrorCode::exhausted
                                                                               : ErrorCode::unavailable;
  return fail(code, "{} {}: {}", what, path, std::strerror(number));
}

class PosixFile final : public File {
 public:
  PosixFile(int descriptor, std::string path) : descriptor_(descriptor), path_(std::move(path)) {}
  ~PosixFile() override { ::close(descriptor_); }

  Result<Bytes> read_at(std::uint64_t offset, std::size_t size) override {
    Bytes bytes(size, '\0');
    std::size_t have = 0;
    while (have < size) {
      const auto n =
          ::pread(descriptor_, bytes.data() + have, size - have, static_cast<off_t>(offset + have));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io_error("cannot read", path_, errno);
      if (n == 0) break;
      have += static_cast<std::size_t>(n);
    }
    bytes.resize(have);
    return bytes;
  }

  Done write_at(std::uint64_t offset, std::string_view bytes) override {
    while (!bytes.empty()) {
      const auto n = ::pwrite(descriptor_, bytes.data(), bytes.size(), static_cast<off_t>(offset));
      if (n < 0 && errno == EINTR) continue;
      if (n < 0) return io_error("cannot write", path_, errno);
      bytes.remove_prefix(static_cast<std::size_t>(n));
      offset += static_cast<std::uint64_t>(n);
    }
    return {};
  }

  Done truncate(std::uint64_t size) override {
    if (::ftruncate(descriptor_, static_cast<off_t>(size)) != 0)
      return io_error("cannot truncate", path_, errno);
    return {};
  }

  Result<std::uint64_t> size() override {
    struct stat info{};
    if (::fstat(descriptor_, &info) != 0) return io_error("cannot stat", path_, errno);
    return static_cast<std::uint64_t>(info.st_size);
  }

  Done sync() override {
    if (::fdatasync(descriptor_) != 0) return io_error("cannot sync", path_, errno);
    return {};
  }

 private:
  int descriptor_;
  std::string path_;
};

class PosixFs final : public Fs {
 public:
  Result<std::unique_ptr<File>> open(const std::string& path, OpenMode mode) override {
    const int flags = mode == OpenMode::read    ? O_RDONLY
                      : mode == OpenMode::write ? O_RDWR | O_CREAT
                                                : O_RDWR | O_CREAT | O_EXCL;
    const int descriptor = ::open(path.c_str(), flags | O_CLOEXEC, 0600);
    if (descriptor < 0) return io_error("cannot open", path, errno);
    return std::make_unique<PosixFile>(descriptor, path);
  }

  Result<std::unique_ptr<File>> open_exclusively(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (descriptor < 0) return io_error("cannot open", path, errno);
    auto file = std::make_unique<PosixFile>(descriptor, path);
    if (::flock(descriptor, LOCK_EX | LOCK_NB) == 0) return file;
    if (errno == EWOULDBLOCK) return fail(ErrorCode::conflict, "{} is held by another process", path);
    return io_error("cannot lock", path, errno);
  }

  Done rename(const std::string& from, const std::string& to) override {
    if (::rename(from.c_str(), to.c_str()) != 0) return io_error("cannot rename", from, errno);
    return {};
  }

  Done remove(const std::string& path) override {
    if (::unlink(path.c_str()) != 0) return io_error("cannot remove", path, errno);
    return {};
  }

  Result<bool> exists(const std::string& path) override {
    if (::access(path.c_str(), F_OK) == 0) return true;
    if (errno == ENOENT || errno == ENOTDIR) return false;
    return io_error("cannot look at", path, errno);
  }

  Result<std::vector<std::string>> list(const std::string& directory) override {
    std::error_code error;
    std::filesystem::directory_iterator entries(directory, error);
    if (error) return io_error("cannot list", directory, error.value());
    std::vector<std::string> names;
    for (const auto end = std::filesystem::directory_iterator(); entries != end; entries.increment(error)) {
      if (error) return io_error("cannot list", directory, error.value());
      names.push_back(entries->path().filename().string());
    }
    std::ranges::sort(names);
    return names;
  }

  Done make_directory(const std::string& path) override {
    std::error_code error;
    if (std::filesystem::is_directory(path, error)) return {};
    auto parent = std::filesystem::path(path).lexically_normal();
    if (!parent.has_filename()) parent = parent.parent_path();  // of "a/b/"
    parent = parent.parent_path();
    if (!parent.empty() && parent.string() != path) TRY(make_directory(parent.string()));
    if (::mkdir(path.c_str(), S_IRWXU) == 0) return {};  // for the owner alone, as the files in it
    const int number = errno;
    if (number == EEXIST && std::filesystem::is_directory(path, error)) return {};  // meanwhile
    return io_error("cannot make directory", path, number);
  }

  Done sync_directory(const std::string& path) override {
    const int descriptor = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    if (descriptor < 0) return io_error("cannot open directory", path, errno);
    const int status = ::fsync(descriptor);
    const int number = errno;
    ::close(descriptor);
    if (status != 0) return io_error("cannot sync directory", path, number);
    return {};
  }
};

}  // namespace

Fs& system_fs() {
  static PosixFs fs;
  return fs;
}

Result<Bytes> read_file(Fs& fs, const std::string& path, std::uint64_t bytes_max) {
  const auto file = TRY(fs.open(path, OpenMode::read));
  const auto size = TRY(file->size());
  if (size > bytes_max)
    return fail(ErrorCode::exhausted, "{} has {} bytes, more than the {} allowed", path, size, bytes_max);
  return file->read_at(0, size);
}

Result<std::unique_ptr<File>> open_anew(Fs& fs, const std::string& path) {
  const auto removed = fs.remove(path);
  if (!removed && removed.error().code != ErrorCode::not_found) return fail(removed.error());
  return fs.open(path, OpenMode::create_new);
}

Done write_file_durably(Fs& fs, const std::string& path, std::string_view bytes) {
  const auto temporary = path + ".new";
  {
    const auto file = TRY(open_anew(fs, temporary));
    TRY(file->write_at(0, bytes));
    TRY(file->sync());
  }
  TRY(fs.rename(temporary, path));
  const auto slash = path.rfind('/');
  return fs.sync_directory(slash == std::string::npos ? "." : path.substr(0, slash + 1));
}

}  // namespace shieldwall
