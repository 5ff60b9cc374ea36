#include "cli/taxii_file.h"

#include <algorithm>
#include <cstdio>

#include "api/fields.h"
#include "model/json_writer.h"

namespace shieldwall::cli {

namespace {

constexpr std::uint64_t state_bytes_max = 64u << 10;

/// The objects one a line: a line break in JSON is white space, since strings cannot hold one.
Bytes lines_of(std::span<const std::string> objects) {
  Bytes lines;
  for (const auto& object : objects) {
    const auto from = lines.size();
    lines += object;
    std::ranges::replace_if(
        lines.begin() + static_cast<std::ptrdiff_t>(from),
        lines.end(),
        [](char c) { return c == '\n' || c == '\r'; },
        ' ');
    lines += '\n';
  }
  return lines;
}

Done append(Fs& fs, const std::string& path, std::string_view bytes) {
  const auto file = TRY(fs.open(path, OpenMode::write));
  const auto end = TRY(file->size());
  TRY(file->write_at(end, bytes));
  return file->sync();
}

}  // namespace

Result<exchange::taxii::PullPlace> PulledFile::place() const {
  if (state_.empty() || !TRY(fs_.exists(state_))) return exchange::taxii::PullPlace{};
  auto text = TRY(read_file(fs_, state_, state_bytes_max));
  const auto document = TRY(model::JsonDocument::parse(std::move(text)));
  auto fields = TRY(api::Fields::of(document.root(), state_));
  exchange::taxii::PullPlace place;
  place.added_after = TRY(fields.text("added_after"));
  place.next = TRY(fields.text("next"));
  return place;
}

Done PulledFile::take(std::span<const std::string> objects, const exchange::taxii::PullPlace& place) {
  const auto lines = lines_of(objects);
  if (out_ == "-") {
    if (std::fwrite(lines.data(), 1, lines.size(), stdout) != lines.size() || std::fflush(stdout) != 0)
      return fail(ErrorCode::unavailable, "standard output does not take more");
  } else if (!lines.empty()) {
    TRY(append(fs_, out_, lines));
  }
  if (state_.empty()) return {};
  model::JsonWriter out;
  out.begin_object();
  out.member("added_after", place.added_after);
  out.member("next", place.next);
  out.end_object();
  return write_file_durably(fs_, state_, out.text());
}

}  // namespace shieldwall::cli
