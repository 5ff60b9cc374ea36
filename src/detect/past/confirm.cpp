// Raw lines: does the log still say what the past remembers?
#include <algorithm>
#include <filesystem>
#include <map>

#include "detect/past/hunt.h"
#include "detect/past/raw_log.h"
#include "detect/past/recorder.h"

namespace shieldwall::detect::past {

namespace {

using Pair = std::pair<PastHit*, const Source*>;

constexpr std::size_t head_lines_bytes = 64u
                                         << 10;  // enough to tell a log's kind and the names of its columns
constexpr std::size_t window_bytes = 4u << 20;   // of what was given last: a reader runs ahead by less
constexpr std::size_t renamed_max = 256;         // files looked at for a log that has another name now

/// First some text, then a log from its middle on; keeps what it gave last.
class Spliced final : public wire::ByteReader {
 public:
  Spliced(std::string head, std::unique_ptr<wire::ByteReader> rest)
      : head_(std::move(head)), rest_(std::move(rest)) {}

  Result<std::size_t> read(std::span<char> into) override {
    std::size_t size = 0;
    if (given_ < head_.size()) {
      size = std::min(into.size(), head_.size() - given_);
      std::copy_n(head_.data() + given_, size, into.data());
    } else {
      size = TRY(rest_->read(into));
    }
    given_ += size;
    window_.append(into.data(), size);
    if (window_.size() > 2 * window_bytes) window_.erase(0, window_.size() - window_bytes);
    return size;
  }

  std::string between(std::uint64_t begin, std::uint64_t end) const {
    const auto first = given_ - window_.size();
    if (begin < first || end > given_ || begin >= end) return {};
    auto text = window_.substr(begin - first, std::min<std::size_t>(end - begin, raw_bytes_max));
    while (text.ends_with('\n') || text.ends_with('\r')) text.pop_back();
    return text;
  }

 private:
  std::string head_;
  std::unique_ptr<wire::ByteReader> rest_;
  std::uint64_t given_ = 0;
  std::string window_;
};

/// The log where it lies now: under its name, or renamed beside it.
std::optional<std::string> path_now(const PastFolder& folder, const Source& source) {
  const auto is_it = [&](const std::string& path) {
    const auto head = head_of(path);
    return head && goes_on(folder, source, *head);
  };
  std::error_code error;
  if (std::filesystem::is_regular_file(source.path, error) && is_it(source.path)) return source.path;
  const std::filesystem::path path(source.path);
  const auto stem = path.filename().string();
  std::size_t looked_at = 0;
  for (std::filesystem::directory_iterator one(path.parent_path(), error), end; !error && one != end;
       one.increment(error)) {
    const auto name = one->path().filename().string();
    const bool is_near = name.starts_with(stem) || (name.size() > 3 && stem.starts_with(name)) ||
                         name.starts_with(path.stem().string());
    std::error_code ignored;
    if (!is_near || name == stem || !one->is_regular_file(ignored)) continue;
    if (++looked_at > renamed_max) break;
    if (is_it(one->path().string())) return one->path().string();
  }
  return std::nullopt;
}

/// Whole lines from the beginning of a log.
Result<std::string> first_lines(const std::string& path) {
  auto log = TRY(open_raw(path, 0));
  std::string text(head_lines_bytes, '\0');
  std::size_t size = 0;
  while (size < text.size()) {
    const auto got = TRY(log.text->read({text.data() + size, text.size() - size}));
    if (got == 0) break;
    size += got;
  }
  text.resize(size);
  text.resize(text.rfind('\n') == text.npos ? 0 : text.rfind('\n') + 1);
  return text;
}

class LogCheck {
 public:
  LogCheck(const Matcher& matcher, const HuntOptions& options, std::string path, const Source& source)
      : scanner_(matcher, options.free_text), path_(std::move(path)), checkpoints_(source.checkpoints) {
    std::ranges::sort(checkpoints_, {}, &Checkpoint::line);
  }

  /// Looks at the lines of `hits`, which are sorted by line.
  Done run(std::span<const Pair> hits) {
    TRY(open(hits.front().first->line));
    for (std::size_t i = 0; i < hits.size();) {
      const auto line = hits[i].first->line;
      auto end = i;
      while (end < hits.size() && hits[end].first->line == line) ++end;
      if (can_skip_to(line)) TRY(open(line));
      TRY(look_at(hits.subspan(i, end - i)));
      i = end;
    }
    return {};
  }

 private:
  const Checkpoint* before(std::uint64_t line) const {
    const auto behind = std::ranges::upper_bound(checkpoints_, line, {}, &Checkpoint::line);
    return behind == checkpoints_.begin() ? nullptr : &*std::prev(behind);
  }

  bool can_skip_to(std::uint64_t line) const {
    if (entrance_ == Entrance::beginning) return false;
    const auto* const place = before(line);
    return place != nullptr && place->line > line_ + lines_between_checkpoints;
  }

  Done open(std::uint64_t line) {
    const auto* const place = before(line);
    std::string head;
    head_lines_ = 0;
    if (place != nullptr && place->offset > head_lines_bytes) {
      head = TRY(first_lines(path_));
      head_lines_ = static_cast<std::uint64_t>(std::ranges::count(head, '\n'));
      first_line_ = place->line;
    }
    auto log = TRY(open_raw(path_, head_lines_ > 0 ? place->offset : 0));
    entrance_ = log.entrance;
    reader_.reset();
    text_ = std::make_unique<Spliced>(std::move(head), std::move(log.text));
    reader_ = std::make_unique<LogReader>(*text_);
    line_ = 0;
    return {};
  }

  std::uint64_t line_of(std::uint64_t read) const {
    return read <= head_lines_ || head_lines_ == 0 ? read : first_line_ + (read - head_lines_ - 1);
  }

  /// Reads on to the line and asks whether its indicators are in it.
  Done look_at(std::span<const Pair> hits) {
    const auto line = hits.front().first->line;
    Record record;
    for (;;) {
      const auto begin = reader_->counts().bytes;
      if (!TRY(reader_->next(record))) break;
      const bool in_head = record.line <= head_lines_;
      line_ = line_of(record.line);
      if (in_head ? record.line != line : line_ < line) continue;
      if (line_ > line) break;
      const auto& matches = scanner_.scan(record);
      for (const auto& [hit, source] : hits) {
        hit->confirmed = false;
        for (const auto& match : matches)
          if (match.indicator == hit->indicator) say(*hit, match, begin);
      }
      return {};
    }
    for (const auto& [hit, source] : hits) {
      hit->confirmed = false;
      hit->why_not = "the log has no such line any more";
    }
    return {};
  }

  void say(PastHit& hit, const Match& match, std::uint64_t begin) const {
    hit.confirmed = true;
    hit.why_not.clear();
    hit.field = std::string(match.field);
    hit.value = std::string(match.value);
    hit.raw = text_->between(begin, reader_->counts().bytes);
    // Lines that hold nothing to look at, such as headers, stand before the record's own.
    if (const auto last = hit.raw.rfind('\n'); last != hit.raw.npos && hit.raw.starts_with('#'))
      hit.raw.erase(0, last + 1);
  }

  Scanner scanner_;
  std::string path_;
  std::vector<Checkpoint> checkpoints_;
  std::unique_ptr<Spliced> text_;
  std::unique_ptr<LogReader> reader_;
  Entrance entrance_ = Entrance::beginning;
  std::uint64_t head_lines_ = 0, first_line_ = 0;  // of what is read now
  std::uint64_t line_ = 0;                         // the last that was read
};

void say_unconfirmed(std::span<const Pair> hits, std::string_view why) {
  for (const auto& [hit, source] : hits) {
    if (hit->confirmed == true) continue;
    hit->confirmed = false;
    hit->why_not = why;
  }
}

}  // namespace

void confirm(const PastFolder& folder,
             const Matcher& matcher,
             const HuntOptions& options,
             std::vector<Pair> hits,
             HuntTotals&) {
  if (hits.size() > options.confirmed_max) {
    say_unconfirmed(std::span(hits).subspan(options.confirmed_max),
                    "beyond the number of lines that are looked at");
    hits.resize(options.confirmed_max);
  }
  std::ranges::sort(hits, [](const Pair& a, const Pair& b) {
    return std::tie(a.second, a.first->line) < std::tie(b.second, b.first->line);
  });
  for (std::size_t i = 0; i < hits.size();) {
    auto end = i;
    while (end < hits.size() && hits[end].second == hits[i].second) ++end;
    const auto some = std::span<const Pair>(hits).subspan(i, end - i);
    const auto& source = *hits[i].second;
    i = end;
    if (source.path == "-") {
      say_unconfirmed(some, "it came by standard input");
      continue;
    }
    const auto path = path_now(folder, source);
    if (!path) {
      say_unconfirmed(some, "the log is no longer there");
      continue;
    }
    if (*path != source.path)
      for (const auto& [hit, of] : some) hit->found_in = *path;
    if (const auto done = LogCheck(matcher, options, *path, source).run(some); !done)
      say_unconfirmed(some, done.error().message);
  }
}

}  // namespace shieldwall::detect::past
