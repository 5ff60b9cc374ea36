#include "cli/object_stream.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

namespace shieldwall::cli {

namespace {

constexpr std::size_t piece_bytes = 1 << 18;

struct CloseFile {
  void operator()(FILE* file) const {
    if (file != stdin) std::fclose(file);
  }
};
using OpenFile = std::unique_ptr<FILE, CloseFile>;

Result<OpenFile> open(const std::string& path) {
  OpenFile file(path == "-" ? stdin : std::fopen(path.c_str(), "rb"));
  if (file == nullptr) return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  return file;
}

/// Gives on what a push made whole.
class Deliverer {
 public:
  explicit Deliverer(const StreamReader& reader) : reader_(reader) {}

  void deliver(std::vector<std::string>& objects, const std::string& envelope) {
    for (auto& text : objects) {
      reader_.object({index_++, std::move(text)});
      ++in_envelope_;
    }
    objects.clear();
    if (envelope == seen_) return;
    seen_ = envelope;
    reader_.envelope({in_envelope_, seen_});
    in_envelope_ = 0;
  }

 private:
  const StreamReader& reader_;
  std::uint64_t index_ = 0;
  std::uint64_t in_envelope_ = 0;
  std::string seen_;
};

}  // namespace

Done stream_objects(const std::string& path, const StreamReader& reader) {
  const auto file = TRY(open(path));
  model::ObjectSplitter splitter;
  Deliverer deliverer(reader);
  std::vector<std::string> objects;
  std::vector<char> piece(piece_bytes);
  for (;;) {
    const std::size_t size = std::fread(piece.data(), 1, piece.size(), file.get());
    auto pushed = splitter.push({piece.data(), size}, objects);
    deliverer.deliver(objects, splitter.envelope());  // what came whole before an error counts
    if (!pushed) return fail(std::move(pushed).error().within(path));
    if (size < piece.size()) break;
  }
  if (std::ferror(file.get()) != 0) return fail(ErrorCode::unavailable, "{}: {}", path, std::strerror(errno));
  if (auto finished = splitter.finish(); !finished) return fail(std::move(finished).error().within(path));
  return {};
}

}  // namespace shieldwall::cli
