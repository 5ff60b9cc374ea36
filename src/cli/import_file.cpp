#include "cli/import_file.h"

#include <cstdio>

#include "wire/compression.h"

namespace shieldwall::cli {

namespace {

constexpr std::size_t look_bytes = 6;

class FileReader final : public wire::ByteReader {
 public:
  FileReader(FILE* file, std::string path) : file_(file), path_(std::move(path)) {
    for (int c = 0; head_.size() < look_bytes && (c = std::fgetc(file_)) != EOF;)
      head_ += static_cast<char>(c);
    first_ = head_;
  }
  ~FileReader() override {
    if (file_ != stdin) std::fclose(file_);
  }
  FileReader(const FileReader&) = delete;
  FileReader& operator=(const FileReader&) = delete;

  /// The first bytes; they are still read.
  std::string_view first() const { return first_; }

  Result<std::size_t> read(std::span<char> into) override {
    if (!head_.empty()) {
      const auto count = head_.copy(into.data(), into.size());
      head_.erase(0, count);
      return count;
    }
    const auto got = std::fread(into.data(), 1, into.size(), file_);
    if (got == 0 && std::ferror(file_) != 0) return fail(ErrorCode::unavailable, "reading {} failed", path_);
    return got;
  }

 private:
  FILE* file_;
  std::string path_;
  std::string head_;
  std::string first_;
};

/// Keeps what it reads from.
class Unpacked final : public wire::ByteReader {
 public:
  Unpacked(std::unique_ptr<wire::ByteReader> packed, std::unique_ptr<wire::ByteReader> reader)
      : packed_(std::move(packed)), reader_(std::move(reader)) {}
  Result<std::size_t> read(std::span<char> into) override { return reader_->read(into); }

 private:
  std::unique_ptr<wire::ByteReader> packed_;
  std::unique_ptr<wire::ByteReader> reader_;
};

}  // namespace

Result<std::unique_ptr<wire::ByteReader>> open_import_file(const std::string& path) {
  FILE* file = path == "-" ? stdin : std::fopen(path.c_str(), "rb");
  if (file == nullptr) return fail(ErrorCode::unavailable, "cannot be read");
  auto reader = std::make_unique<FileReader>(file, path);
  switch (wire::compression_of(reader->first())) {
    case wire::Compression::none:
      return std::unique_ptr<wire::ByteReader>(std::move(reader));
    case wire::Compression::xz:
      return fail(ErrorCode::invalid, "xz is not read; unpack it first");
    case wire::Compression::gzip: {
      auto plain = wire::gzip_reader(*reader);
      return std::unique_ptr<wire::ByteReader>(new Unpacked(std::move(reader), std::move(plain)));
    }
    case wire::Compression::zstd: {
      auto plain = wire::zstd_reader(*reader);
      return std::unique_ptr<wire::ByteReader>(new Unpacked(std::move(reader), std::move(plain)));
    }
  }
  return fail(ErrorCode::internal, "an unknown compression");
}

}  // namespace shieldwall::cli
