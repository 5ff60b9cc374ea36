#include "cli/object_stream.h"

#include <vector>

#include "cli/streams.h"

namespace shieldwall::cli {

namespace {

constexpr std::size_t piece_bytes = 1 << 18;

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
  const auto file = TRY(open_named_file(path));
  model::ObjectSplitter splitter;
  Deliverer deliverer(reader);
  std::vector<std::string> objects;
  std::vector<char> piece(piece_bytes);
  for (;;) {
    const auto size = file->read(piece);
    if (!size) return fail(within_once(size.error(), path));
    if (*size == 0) break;
    const auto pushed = splitter.push({piece.data(), *size}, objects);
    deliverer.deliver(objects, splitter.envelope());  // what came whole before an error counts
    if (!pushed) return fail(within_once(pushed.error(), path));
  }
  if (const auto finished = splitter.finish(); !finished) return fail(within_once(finished.error(), path));
  return {};
}

}  // namespace shieldwall::cli
