#include "detect/parts.h"

#include <algorithm>
#include <array>
#include <cerrno>
#include <cstring>

#include <fcntl.h>
#include <unistd.h>

#include "wire/compression.h"

namespace shieldwall::detect {

namespace {

class Descriptor {
 public:
  explicit Descriptor(const std::string& path) : fd_(::open(path.c_str(), O_RDONLY | O_CLOEXEC)) {}
  ~Descriptor() {
    if (fd_ >= 0) ::close(fd_);
  }
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  bool is_open() const { return fd_ >= 0; }

  Result<std::size_t> read_at(std::uint64_t at, std::span<char> into) const {
    for (;;) {
      const auto size = ::pread(fd_, into.data(), into.size(), static_cast<off_t>(at));
      if (size < 0 && errno == EINTR) continue;
      if (size < 0) return fail(ErrorCode::unavailable, "{}", std::strerror(errno));
      return static_cast<std::size_t>(size);
    }
  }

 private:
  int fd_;
};

/// Where the first line begins that begins at `at` or behind it; the file's end when none does.
Result<std::uint64_t> line_begin(const Descriptor& file, std::uint64_t at) {
  if (at == 0) return at;
  std::array<char, 16384> block;
  for (--at;;) {  // the byte before may be a line's end
    const auto size = TRY(file.read_at(at, block));
    if (size == 0) return at;
    const auto found = std::string_view(block.data(), size).find('\n');
    if (found != std::string_view::npos) return at + found + 1;
    at += size;
  }
}

class PartReader final : public wire::ByteReader {
 public:
  PartReader(const std::string& path, std::atomic<std::uint64_t>& counted)
      : path_(path), file_(path), counted_(counted) {}

  Done begin(const FilePart& part) {
    if (!file_.is_open()) {
      const auto code = errno;
      return fail(code == ENOENT   ? ErrorCode::not_found
                  : code == EACCES ? ErrorCode::denied
                                   : ErrorCode::unavailable,
                  "{}: {}",
                  path_,
                  std::strerror(code));
    }
    at_ = TRY(line_begin(file_, part.begin));
    end_ = UINT64_MAX;
    if (!part.is_last) end_ = TRY(line_begin(file_, part.end));
    return {};
  }

  Result<std::size_t> read(std::span<char> into) override {
    if (at_ >= end_) return std::size_t{0};
    const auto most = static_cast<std::size_t>(std::min<std::uint64_t>(into.size(), end_ - at_));
    const auto size = file_.read_at(at_, into.first(most));
    if (!size) return fail(size.error().code, "{}: {}", path_, size.error().message);
    at_ += *size;
    counted_ += *size;
    return *size;
  }

 private:
  std::string path_;
  Descriptor file_;
  std::atomic<std::uint64_t>& counted_;
  std::uint64_t at_ = 0, end_ = 0;
};

/// What the beginning of a file shows, when it is one that can be cut.
std::optional<FilePart> cuttable(const std::string& path) {
  const Descriptor file(path);
  std::array<char, 6> head{};
  const auto size = file.is_open() ? file.read_at(0, head) : std::size_t{0};
  if (!size || *size < head.size()) return std::nullopt;
  if (wire::compression_of({head.data(), head.size()}) != wire::Compression::none) return std::nullopt;
  const auto opened = open_unpacked(path);
  if (!opened) return std::nullopt;
  LogReader reader(**opened, path);
  Record record;
  for (int i = 0; i < LineRecords::map_tries_max; ++i)
    if (const auto more = reader.next(record); !more || !*more) return std::nullopt;
  if (reader.format() != LogFormat::ndjson && reader.format() != LogFormat::text) return std::nullopt;
  return FilePart{.format = reader.format(), .map = reader.map()};
}

}  // namespace

std::vector<FilePart> parts_of(std::span<const InputFile> files, std::uint64_t part_bytes) {
  std::vector<FilePart> parts;
  for (std::size_t i = 0; i < files.size(); ++i) {
    const auto& file = files[i];
    const bool large = file.path != "-" && file.bytes >= 2 * part_bytes;
    const auto cut = large ? cuttable(file.path) : std::nullopt;
    if (!cut) {
      parts.push_back({.file = i});
      continue;
    }
    for (std::uint64_t at = 0; at < file.bytes; at += part_bytes) {
      auto part = *cut;
      part.file = i;
      part.begin = at;
      part.end = at + part_bytes;
      part.is_last = part.end >= file.bytes;
      parts.push_back(part);
    }
  }
  return parts;
}

Result<std::unique_ptr<wire::ByteReader>> open_part(const std::string& path,
                                                    const FilePart& part,
                                                    std::atomic<std::uint64_t>& read_bytes) {
  auto reader = std::make_unique<PartReader>(path, read_bytes);
  TRY(reader->begin(part));
  return std::unique_ptr<wire::ByteReader>(std::move(reader));
}

}  // namespace shieldwall::detect
